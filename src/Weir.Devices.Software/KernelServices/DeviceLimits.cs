namespace Weir.Devices.Software.KernelServices;

/// <summary>Numbers of the limits that a context has (CUlimit), and what they are when the program says nothing.</summary>
internal static class DeviceLimits
{
    /// <summary>Bytes that kernels may print between two synchronisations.</summary>
    public const int PrintBuffer = 1;

    /// <summary>Bytes that kernels may take with malloc.</summary>
    public const int Heap = 2;

    /// <summary>Stack, printf buffer, heap, nesting depth, pending launches, L2 granularity, persisting L2.</summary>
    public static ulong Default(int limit) =>
        limit switch
        {
            0 => 1 << 10,
            PrintBuffer => 1 << 20,
            Heap => 8 << 20,
            3 => 2,
            4 => 2048,
            5 => 64,
            _ => 0,
        };
}
