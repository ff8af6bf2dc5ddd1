namespace Weir.Scheduling.Cluster;

/// <summary>What a task asks of one node. Tasks with equal shapes are the same to every policy.</summary>
/// <param name="CpuMilli">Processors, thousandths of a core.</param>
/// <param name="MemoryMib">Main memory, MiB.</param>
/// <param name="Devices">Number of devices; 0 for tasks that need none.</param>
/// <param name="ComputeMilli">Compute share of each device in thousandths; 1000 is a whole device.</param>
/// <param name="DeviceMemoryMib">Memory of each device, MiB; 0: not counted.</param>
/// <param name="Models">Bit set of the models (numbers of <see cref="NameTable"/>) that will do.</param>
public readonly record struct TaskShape(
    int CpuMilli,
    int MemoryMib,
    int Devices,
    int ComputeMilli,
    int DeviceMemoryMib = 0,
    ulong Models = TaskShape.Any
)
{
    /// <summary><see cref="Models"/> or <see cref="Pools"/> of a task that takes every one.</summary>
    public const ulong Any = ulong.MaxValue;

    /// <summary>Bit set of the pools (numbers of <see cref="ClusterState.Pools"/>) whose nodes will do.</summary>
    public ulong Pools { get; init; } = Any;

    /// <summary>
    /// Memory of each device as a part of all that the device has, thousandths; 0: <see cref="DeviceMemoryMib"/> says it.
    /// </summary>
    public int DeviceMemoryMilli { get; init; }

    /// <summary>Number of a set of devices (<see cref="ClusterState.Allow"/>) of which alone it takes some; 0: of all.</summary>
    public int Allowed { get; init; }

    /// <summary>Kind of workload, for clusters whose models are fast at different things; 0: no matter.</summary>
    public int Kind { get; init; }

    /// <summary>A whole device, in thousandths.</summary>
    public const int WholeDevice = 1000;

    /// <summary>Compute of all its devices, thousandths of a device.</summary>
    public int TotalMilli => Devices * ComputeMilli;

    /// <summary>True when any device with enough compute free will do.</summary>
    public bool IsPlain => DeviceMemoryMib == 0 && DeviceMemoryMilli == 0 && Allowed == 0;

    /// <summary>Memory that it takes of a device, MiB.</summary>
    /// <param name="deviceMemoryMib">What the device has, MiB.</param>
    public int DeviceMemoryOn(int deviceMemoryMib) =>
        DeviceMemoryMilli == 0
            ? DeviceMemoryMib
            : Math.Max(1, (int)((long)deviceMemoryMib * DeviceMemoryMilli / WholeDevice));

    /// <summary>Throws when the shape makes no sense.</summary>
    /// <exception cref="ArgumentException">Says which field, its value and what is allowed.</exception>
    public void Check()
    {
        if (CpuMilli < 0 || MemoryMib < 0 || DeviceMemoryMib < 0)
        {
            throw new ArgumentException(
                $"a task asks for {CpuMilli} milli-CPU, {MemoryMib} MiB and {DeviceMemoryMib} MiB of device memory; none may be negative"
            );
        }
        if (Devices is < 0 or > 64)
        {
            throw new ArgumentException(
                $"a task asks for {Devices} devices of one node; 0 to 64 can be asked for (ask for a gang to span nodes)"
            );
        }
        if (Devices > 0 && ComputeMilli is < 1 or > WholeDevice)
        {
            throw new ArgumentException(
                $"a task asks for {ComputeMilli} thousandths of each device; 1 to {WholeDevice} can be asked for"
            );
        }
        if (DeviceMemoryMilli is < 0 or > WholeDevice || DeviceMemoryMilli > 0 && DeviceMemoryMib > 0)
        {
            throw new ArgumentException(
                $"a task asks for {DeviceMemoryMilli} thousandths of each device's memory and {DeviceMemoryMib} MiB; one of them, and at most {WholeDevice} thousandths, can be asked for"
            );
        }
        if (Devices > 0 && Models == 0)
        {
            throw new ArgumentException("a task names device models of which the cluster has none");
        }
    }
}
