using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Weir.Devices.Software.Contexts;
using Weir.Kernels.Abi;

namespace Weir.Devices.Software.KernelServices;

/// <summary>Answers what kernels ask the device for (<see cref="SystemCall"/>). Runs on the kernel's own thread.</summary>
internal static unsafe class KernelServiceCalls
{
    private const int MostFormatBytes = 16 << 10;
    private const int MostMessageBytes = 4 << 10;
    private const int StandardOutput = 1;
    private const int StandardError = 2;

    /// <summary>Address of the function for <see cref="KernelAbi.SystemHelper"/>.</summary>
    public static nint Entry => (nint)(delegate* unmanaged<KernelLaunch*, KernelThread*, SystemCall*, uint>)&Answer;

    [UnmanagedCallersOnly]
    private static uint Answer(KernelLaunch* launch, KernelThread* thread, SystemCall* call)
    {
        try
        {
            var context = (DeviceContext)GCHandle.FromIntPtr(launch->Owner).Target!;
            var memory = new ThreadMemory(context.Device, thread, call);
            switch (call->Service)
            {
                case SystemService.Print:
                    call->Result = (uint)Print(context, memory, call->Arguments[0], call->Arguments[1]);
                    return (uint)KernelFault.None;
                case SystemService.Allocate:
                    call->Result = context.Heap.Allocate(call->Arguments[0]);
                    return (uint)KernelFault.None;
                case SystemService.Free:
                    // As on a GPU, freeing what is no block of the heap ends the kernel; null is nothing.
                    return call->Arguments[0] == 0 || context.Heap.Free(call->Arguments[0])
                        ? (uint)KernelFault.None
                        : (uint)KernelFault.IllegalAddress;
                case SystemService.Report:
                    context.Device.Findings?.Add(launch, call);
                    return (uint)KernelFault.None;
                default:
                    Assert(context, memory, launch, call);
                    return (uint)KernelFault.Assert;
            }
        }
        catch (OutOfMemoryException)
        {
            return (uint)KernelFault.Trap;
        }
    }

    private static int Print(DeviceContext context, ThreadMemory memory, ulong format, ulong arguments)
    {
        if (!memory.TryReadText(format, MostFormatBytes, out byte[] text))
        {
            return -1;
        }
        byte[] printed = new PrintFormat(memory, arguments).Write(text, out int conversions);
        if (printed.Length > 0)
        {
            context.Device.Output.Add(StandardOutput, printed, context.Limit(DeviceLimits.PrintBuffer));
        }
        return conversions;
    }

    // As the CUDA runtime words it: FILE:LINE: FUNCTION: block: [x,y,z], thread: [x,y,z] Assertion `…` failed.
    private static void Assert(DeviceContext context, ThreadMemory memory, KernelLaunch* launch, SystemCall* call)
    {
        string message = Text(memory, call->Arguments[0]);
        string file = Text(memory, call->Arguments[1]);
        string function = Text(memory, call->Arguments[3]);
        string block = Place(call->Block, launch->GridX, launch->GridY);
        string thread = Place(call->Thread, launch->BlockX, launch->BlockY);
        string line = string.Create(
            CultureInfo.InvariantCulture,
            $"{file}:{(uint)call->Arguments[2]}: {function}: block: [{block}], thread: [{thread}] Assertion `{message}` failed.\n"
        );
        context.Device.Output.Add(StandardError, Encoding.UTF8.GetBytes(line), context.Limit(DeviceLimits.PrintBuffer));
    }

    private static string Text(ThreadMemory memory, ulong address) =>
        memory.TryReadText(address, MostMessageBytes, out byte[] text) ? Encoding.UTF8.GetString(text) : "?";

    private static string Place(ulong index, uint x, uint y) =>
        string.Create(CultureInfo.InvariantCulture, $"{index % x},{index / x % y},{index / x / y}");
}
