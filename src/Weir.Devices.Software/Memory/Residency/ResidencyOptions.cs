namespace Weir.Devices.Software.Memory.Residency;

/// <summary>How a device's memory may leave the device and come back.</summary>
public sealed record ResidencyOptions
{
    /// <summary>How written memory is found.</summary>
    public ChangeMethod Changes { get; init; } = ChangeMethod.Best;

    /// <summary>Pages are moved into place where the system can; otherwise copied.</summary>
    public bool MovesPages { get; init; } = true;

    /// <summary>
    /// Faults may be used at all. Without them nothing is loaded lazily, and memory that does not fit is refused: as in a container
    /// that forbids userfaultfd.
    /// </summary>
    public bool UsesFaults { get; init; } = true;

    /// <summary>Host memory for what is not on the device, bytes; what is more goes to a file in <see cref="SpillFolder"/>.</summary>
    public ulong HostBytes { get; init; } = ulong.MaxValue;

    /// <summary>Folder of that file, or null: everything stays in host memory.</summary>
    public string? SpillFolder { get; init; }
}
