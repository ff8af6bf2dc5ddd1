using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Weir.Remote.Links;

namespace Weir.Remote.Tests;

/// <summary>Takes frames of one end: each head begins with a counter, bulk repeats its low byte.</summary>
internal sealed unsafe class Collector : ILinkReceiver, IDisposable
{
    private readonly byte* _place = (byte*)NativeMemory.Alloc(FrameHeader.MaxDataBytes);

    public List<long> Counters { get; } = [];

    public string? Wrong { get; private set; }

    public byte* Place(in FrameHeader header, ReadOnlySpan<byte> head) => _place;

    public void Arrived(in FrameHeader header, ReadOnlySpan<byte> head, byte* data)
    {
        long counter = BinaryPrimitives.ReadInt64LittleEndian(head);
        Counters.Add(counter);
        var bulk = new ReadOnlySpan<byte>(data, (int)header.DataBytes);
        if (bulk.IndexOfAnyExcept((byte)counter) >= 0 || head[8..].IndexOfAnyExcept((byte)counter) >= 0)
        {
            Wrong = $"frame {counter} is damaged";
        }
    }

    public void Dispose() => NativeMemory.Free(_place);
}
