namespace Weir.Devices.Software.Memory.Portability;

/// <summary>Where saved memory comes from. Called from several threads when memory is loaded lazily.</summary>
public interface IPieceSource
{
    /// <summary>Gives one piece.</summary>
    /// <param name="address">First address, a multiple of <see cref="PortableMemory.PieceBytes"/>.</param>
    /// <param name="content">To be filled, all <see cref="PortableMemory.PieceBytes"/> bytes of it.</param>
    /// <exception cref="IOException">It cannot be read, or is not what was saved.</exception>
    void Read(ulong address, Span<byte> content);
}
