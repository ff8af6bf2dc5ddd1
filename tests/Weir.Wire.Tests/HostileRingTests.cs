using FsCheck;
using FsCheck.Fluent;

namespace Weir.Wire.Tests;

/// <summary>A client may write anything into its ring at any time: the reader must refuse or deliver, never leave its bounds.</summary>
public sealed unsafe class HostileRingTests
{
    private static readonly Config Seeded = Config.QuickThrowOnFailure.WithMaxTest(2000).WithReplay(20260101, 7);

    [Fact]
    public void Random_bytes_in_the_ring_are_refused_or_read_within_it()
    {
        using var segment = new Segment();
        var slot = 0;
        var property = Prop.ForAll(
            ArbMap.Default.ArbFor<byte[]>(),
            bytes =>
            {
                var records = SegmentLayout.Records(SegmentLayout.Slot(segment.Base, slot));
                new Span<byte>(records, SegmentLayout.RingBytes).Clear();
                bytes
                    .AsSpan(0, Math.Min(bytes.Length, SegmentLayout.RingBytes))
                    .CopyTo(new Span<byte>(records, bytes.Length));
                return Drain(segment, slot);
            }
        );
        Check.One(Seeded, property);
    }

    [Fact]
    public void A_valid_stream_with_changed_words_is_refused_or_read_within_the_ring()
    {
        using var segment = new Segment();
        var random = new Random(5);
        for (var round = 0; round < 500; round++)
        {
            var slot = round % SegmentLayout.SlotCount;
            var writer = segment.Writer(slot);
            for (ulong i = 0; i < 300 && writer.Begin(1, 0, (uint)random.Next(0, 3000)) != null; i++)
            {
                writer.Commit(i, 0);
            }
            var records = (ulong*)SegmentLayout.Records(writer.Header);
            for (var k = 0; k < 8; k++)
            {
                records[random.Next(SegmentLayout.RingBytes / 8)] = (ulong)random.NextInt64();
            }
            Assert.True(Drain(segment, slot));
        }
    }

    [Theory]
    [InlineData(12, 7)] // not a multiple of 8
    [InlineData(16, 7)] // less than a header
    [InlineData(SegmentLayout.MaxRecordBytes + 8, 7)]
    [InlineData(SegmentLayout.RingBytes + 8, 7)] // beyond the end
    [InlineData(64, 0)] // a pad that does not reach the end
    [InlineData(SegmentLayout.RingBytes, 0)] // a pad that skips the whole ring, for ever
    [InlineData(0, 7)] // published, but without a size
    public void An_impossible_record_is_corrupt(uint size, ushort op)
    {
        using var segment = new Segment();
        var records = SegmentLayout.Records(SegmentLayout.Slot(segment.Base, 0));
        *(ulong*)records = RecordHeader.FirstWord(size, op, 0);
        var reader = new RingReader(segment.Base, 0);
        Assert.True(reader.HasMore);
        Assert.Equal(RingPeek.Corrupt, reader.TryPeek(out _));
    }

    [Fact]
    public void A_record_that_would_reach_beyond_the_rings_end_is_corrupt()
    {
        using var segment = new Segment();
        var writer = segment.Writer(0);
        var reader = new RingReader(segment.Base, 0);
        while (writer.Begin(7, 0, 1000) != null && writer.Tail + 2048 < SegmentLayout.RingBytes)
        {
            writer.Commit(1, 0);
            _ = reader.TryPeek(out var header);
            reader.Advance(header);
        }
        var place = writer.Tail;
        *(ulong*)(writer.Records + place) = RecordHeader.FirstWord((uint)(SegmentLayout.RingBytes - place + 8), 7, 0);
        Assert.Equal(RingPeek.Corrupt, reader.TryPeek(out _));
    }

    [Fact]
    public void Fields_beyond_the_end_throw_and_never_read_outside()
    {
        var property = Prop.ForAll(
            ArbMap.Default.ArbFor<byte[]>(),
            ArbMap.Default.ArbFor<byte[]>(),
            (payload, script) =>
            {
                var padded = new byte[(payload.Length + 7) & ~7];
                payload.CopyTo(padded, 0);
                fixed (byte* data = padded.Length == 0 ? new byte[8] : padded)
                {
                    var record = new RecordReader(data, padded.Length);
                    var end = data + padded.Length;
                    try
                    {
                        foreach (var step in script)
                        {
                            byte* place;
                            uint length = 0;
                            switch (step % 4)
                            {
                                case 0:
                                    _ = record.U64();
                                    continue;
                                case 1:
                                    length = step;
                                    place = record.Take(length);
                                    break;
                                case 2:
                                    place = record.Bytes(out length);
                                    break;
                                default:
                                    place = record.Text(true);
                                    length =
                                        place == null
                                            ? 0
                                            : (uint)new Span<byte>(place, (int)(end - place)).IndexOf((byte)0);
                                    break;
                            }
                            if (place != null && (place < data || place + length > end))
                            {
                                return false;
                            }
                        }
                        record.End();
                    }
                    catch (ProtocolException)
                    {
                        // Refused: as it must be.
                    }
                    return true;
                }
            }
        );
        Check.One(Seeded, property);
    }

    [Fact]
    public void What_a_reply_writer_writes_a_reader_reads()
    {
        var property = Prop.ForAll(
            ArbMap.Default.ArbFor<ulong[]>(),
            ArbMap.Default.ArbFor<byte[]>(),
            (numbers, bytes) =>
            {
                var buffer = stackalloc byte[4096];
                var writer = new ReplyWriter(buffer, 4096);
                var fits = numbers.Length * 8 + bytes.Length + 16 <= 4096;
                if (!fits)
                {
                    return true;
                }
                foreach (var number in numbers)
                {
                    writer.U64(number);
                }
                writer.Bytes(bytes);
                var reader = new RecordReader(buffer, writer.Written);
                var same = true;
                foreach (var number in numbers)
                {
                    same &= reader.U64() == number;
                }
                var data = reader.Bytes(out var length);
                same &= new ReadOnlySpan<byte>(data, (int)length).SequenceEqual(bytes);
                reader.End();
                return same;
            }
        );
        Check.One(Seeded, property);
    }

    [Fact]
    public void A_reply_that_is_too_large_is_refused()
    {
        var buffer = stackalloc byte[64];
        Assert.Throws<ProtocolException>(() =>
        {
            var inner = stackalloc byte[64];
            new ReplyWriter(inner, 64).Reserve(65);
        });
        Assert.Throws<ProtocolException>(() =>
        {
            var inner = stackalloc byte[64];
            new ReplyWriter(inner, 64).ReserveArray(ulong.MaxValue / 2, 8);
        });
        var writer = new ReplyWriter(buffer, 64);
        _ = writer.Reserve(64);
        Assert.Equal(64, writer.Written);
    }

    [Fact]
    public void Staging_ranges_beyond_the_area_are_refused()
    {
        using var segment = new Segment();
        Assert.True(StagingChunk.TryRange(segment.Base, 0, (ulong)SegmentLayout.StagingBytes, out _));
        Assert.True(StagingChunk.TryRange(segment.Base, SegmentLayout.ChunkCount - 1, SegmentLayout.ChunkBytes, out _));
        Assert.False(StagingChunk.TryRange(segment.Base, SegmentLayout.ChunkCount, 0, out _));
        Assert.False(StagingChunk.TryRange(segment.Base, 1, (ulong)SegmentLayout.StagingBytes, out _));
        Assert.False(StagingChunk.TryRange(segment.Base, ulong.MaxValue, 1, out _));
        Assert.False(StagingChunk.TryRange(segment.Base, 0, ulong.MaxValue, out _));
    }

    private static bool Drain(Segment segment, int slot)
    {
        var reader = new RingReader(segment.Base, slot);
        var copy = new byte[SegmentLayout.MaxRecordBytes];
        fixed (byte* buffer = copy)
        {
            // Every record has at least 8 bytes, so this many steps read any ring to its end.
            for (var i = 0; i <= SegmentLayout.RingBytes / 8; i++)
            {
                if (reader.TryPeek(out var header) != RingPeek.Record)
                {
                    return true;
                }
                _ = reader.CopyPayload(header, buffer);
                reader.Advance(header);
            }
            return false;
        }
    }
}
