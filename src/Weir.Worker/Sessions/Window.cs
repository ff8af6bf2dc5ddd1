namespace Weir.Worker.Sessions;

/// <summary>
/// The range of addresses that means the same in client and worker: the lower half is device memory, the upper half
/// page-locked host memory that both have mapped.
/// </summary>
/// <param name="Base">First address, page-aligned.</param>
/// <param name="Bytes">Size, a multiple of two pages.</param>
/// <param name="HostIsElsewhere">The host half is on the client's node: here it is nothing.</param>
internal readonly record struct Window(ulong Base, ulong Bytes, bool HostIsElsewhere = false)
{
    /// <summary>Size of the device half, bytes.</summary>
    public ulong DeviceBytes => Bytes / 2;

    /// <summary>First address of the host half.</summary>
    public ulong HostBase => Base + Bytes / 2;

    /// <summary>All of a range lies in the host half.</summary>
    public bool IsHost(ulong address, ulong length) =>
        !HostIsElsewhere && address >= HostBase && address - Base <= Bytes && length <= Bytes - (address - Base);
}
