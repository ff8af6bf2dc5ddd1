namespace Weir.Devices.Software.Memory.Portability;

/// <summary>Where saved memory goes.</summary>
public interface IPieceSink
{
    /// <summary>Takes one piece.</summary>
    /// <param name="address">First address, a multiple of <see cref="PortableMemory.PieceBytes"/>.</param>
    /// <param name="content">All of its <see cref="PortableMemory.PieceBytes"/> bytes; valid during the call only.</param>
    void Write(ulong address, ReadOnlySpan<byte> content);
}
