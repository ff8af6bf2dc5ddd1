using Weir.Devices.Software.Memory.Portability;

namespace Weir.Devices.Software.Tests.Support;

/// <summary>Saved memory, in memory; later saves replace what they bring.</summary>
internal sealed class MemoryImage : IPieceSink, IPieceSource
{
    private readonly Dictionary<ulong, byte[]> content = [];

    /// <summary>Addresses in the order in which they were written last.</summary>
    public List<ulong> Written { get; } = [];

    /// <summary>Called before a piece is read.</summary>
    public Action<ulong> BeforeRead { get; set; } = _ => { };

    public void Write(ulong address, ReadOnlySpan<byte> content)
    {
        Assert.Equal(0ul, (address & ~PortableMemory.KeyBit) % PortableMemory.PieceBytes);
        Assert.Equal(PortableMemory.PieceBytes, content.Length);
        lock (this.content)
        {
            this.content[address] = content.ToArray();
            Written.Add(address);
        }
    }

    public void Read(ulong address, Span<byte> content)
    {
        BeforeRead(address);
        byte[]? piece;
        lock (this.content)
        {
            _ = this.content.TryGetValue(address, out piece);
        }
        (piece ?? throw new IOException($"no piece at 0x{address:x}")).CopyTo(content);
    }
}
