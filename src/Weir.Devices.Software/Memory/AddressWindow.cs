using Weir.Devices.Software.Native;

namespace Weir.Devices.Software.Memory;

/// <summary>
/// The one range of addresses that generated code may touch: device memory in its lower part, page-locked host memory
/// behind it. Addresses are those of this process.
/// </summary>
internal sealed class AddressWindow : IDisposable
{
    private readonly ulong reservedAddress;
    private readonly ulong reservedBytes;

    private AddressWindow(ulong address, ulong sizeBytes, ulong deviceBytes, ulong reservedAddress, ulong reservedBytes)
    {
        Address = address;
        SizeBytes = sizeBytes;
        DeviceBytes = deviceBytes;
        this.reservedAddress = reservedAddress;
        this.reservedBytes = reservedBytes;
    }

    /// <summary>First address of the window, and of device memory.</summary>
    public ulong Address { get; }

    /// <summary>Size, bytes.</summary>
    public ulong SizeBytes { get; }

    /// <summary>Size of the lower part, bytes.</summary>
    public ulong DeviceBytes { get; }

    /// <summary>True when the window was reserved here, so that its host part is for this device to hand out.</summary>
    public bool OwnsHostPart => reservedBytes > 0;

    /// <summary>A window that the caller has reserved; its host part is the caller's.</summary>
    /// <param name="address">First address, a multiple of <see cref="ArenaBacking.ChunkBytes"/>.</param>
    /// <param name="sizeBytes">Size.</param>
    /// <param name="deviceBytes">Size of the device's part at its start.</param>
    /// <exception cref="ArgumentException">It is not aligned, or the parts do not fit.</exception>
    public static AddressWindow Adopt(ulong address, ulong sizeBytes, ulong deviceBytes)
    {
        if ((address | deviceBytes) % ArenaBacking.ChunkBytes != 0 || deviceBytes == 0 || deviceBytes > sizeBytes)
        {
            throw new ArgumentException(
                $"a window of 0x{sizeBytes:x} bytes at 0x{address:x} with 0x{deviceBytes:x} for the device is not possible"
            );
        }
        return new AddressWindow(address, sizeBytes, deviceBytes, 0, 0);
    }

    /// <summary>Reserves a window wherever the system has room.</summary>
    /// <param name="deviceBytes">Size of device memory's range, a multiple of <see cref="ArenaBacking.ChunkBytes"/>.</param>
    /// <param name="hostBytes">Size of the host's range, likewise.</param>
    /// <exception cref="OutOfMemoryException">There is no room.</exception>
    public static AddressWindow Reserve(ulong deviceBytes, ulong hostBytes)
    {
        // One chunk more, so that an aligned range lies inside whatever the system picks.
        ulong all = deviceBytes + hostBytes + ArenaBacking.ChunkBytes;
        const int Flags = LibC.MapPrivate | LibC.MapAnonymous | LibC.MapNoReserve;
        nint start = LibC.Map(0, (nuint)all, LibC.ProtNone, Flags, -1, 0);
        if (start == -1)
        {
            throw new OutOfMemoryException($"cannot reserve {all >> 20} MiB of addresses");
        }
        ulong aligned = ((ulong)start + ArenaBacking.ChunkBytes - 1) & ~(ulong)(ArenaBacking.ChunkBytes - 1);
        return new AddressWindow(aligned, deviceBytes + hostBytes, deviceBytes, (ulong)start, all);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (reservedBytes > 0)
        {
            _ = LibC.Unmap((nint)reservedAddress, (nuint)reservedBytes);
        }
    }
}
