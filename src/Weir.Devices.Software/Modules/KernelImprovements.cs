namespace Weir.Devices.Software.Modules;

/// <summary>
/// Kernels that run quick code and wait for better, one after another, first come first served: what is launched first is
/// likely launched most. A thread of its own exists while there are any.
/// </summary>
internal sealed class KernelImprovements
{
    private readonly Queue<DeviceKernel> waiting = [];
    private bool isWorking;

    /// <summary>Adds a kernel.</summary>
    public void Add(DeviceKernel kernel)
    {
        lock (waiting)
        {
            waiting.Enqueue(kernel);
            if (isWorking)
            {
                return;
            }
            isWorking = true;
        }
        new Thread(Work) { IsBackground = true, Name = "weir-improve" }.Start();
    }

    private void Work()
    {
        while (true)
        {
            DeviceKernel? kernel;
            lock (waiting)
            {
                if (!waiting.TryDequeue(out kernel))
                {
                    isWorking = false;
                    return;
                }
            }
            kernel.ImproveNow();
        }
    }
}
