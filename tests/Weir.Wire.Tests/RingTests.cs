using System.Diagnostics;

namespace Weir.Wire.Tests;

/// <summary>Rings as client and worker use them: contents, order, room, sleep.</summary>
public sealed unsafe class RingTests
{
    private const ushort SomeOp = 7;

    [Fact]
    public void Records_of_all_sizes_arrive_whole_and_in_order()
    {
        using var segment = new Segment();
        const int count = 10_000;
        var writer = segment.Writer(3);
        Exception? failure = null;
        var consumer = new Thread(() =>
        {
            try
            {
                Consume(segment, 3, count);
            }
            catch (Exception e)
            {
                failure = e;
            }
        });
        consumer.Start();
        var random = new Random(1);
        for (ulong i = 0; i < count; i++)
        {
            var words = (uint)random.Next(0, i % 100 == 0 ? 8000 : 40);
            Publish(&writer, i, words);
        }
        consumer.Join();
        Assert.Null(failure);
    }

    [Fact]
    public void The_largest_record_fits_and_a_larger_one_does_not()
    {
        using var segment = new Segment();
        var writer = segment.Writer(0);
        const uint largest = SegmentLayout.MaxRecordBytes - RecordHeader.Bytes;
        Assert.True(writer.Begin(SomeOp, 0, largest) != null);
        writer.Commit(1, 0);
        Assert.True(writer.Begin(SomeOp, 0, largest + 1) == null);
    }

    [Fact]
    public void A_full_ring_gives_no_room_until_the_worker_has_read()
    {
        using var segment = new Segment();
        var writer = segment.Writer(0);
        var reader = new RingReader(segment.Base, 0);
        ulong sent = 0;
        while (writer.Begin(SomeOp, 0, 1000) != null)
        {
            writer.Commit(++sent, 0);
        }
        Assert.InRange(sent, 200ul, 270ul);
        for (ulong i = 1; i <= sent; i++)
        {
            Assert.Equal(RingPeek.Record, reader.TryPeek(out var header));
            Assert.Equal(i, header.Ticket);
            reader.Advance(header);
        }
        Assert.True(writer.Begin(SomeOp, 0, 1000) != null);
    }

    [Fact]
    public void Nothing_is_visible_before_it_is_committed()
    {
        using var segment = new Segment();
        var writer = segment.Writer(0);
        var reader = new RingReader(segment.Base, 0);
        Assert.True(writer.Begin(SomeOp, 5, 8) != null);
        Assert.Equal(RingPeek.Empty, reader.TryPeek(out _));
        writer.Commit(9, RecordHeader.CallFlag);
        Assert.Equal(RingPeek.Record, reader.TryPeek(out var header));
        Assert.Equal(9ul, header.Ticket);
        Assert.Equal(5ul, header.Context);
        Assert.True(header.IsCall);
    }

    [Fact]
    public void A_slots_next_owner_goes_on_where_the_last_one_stopped()
    {
        using var segment = new Segment();
        var reader = new RingReader(segment.Base, 5);
        // Different sizes, so that the ring's end is met in many ways, and owners that change anywhere.
        var random = new Random(3);
        for (ulong owner = 0; owner < 2000; owner++)
        {
            var writer = segment.Writer(5);
            for (var i = random.Next(4); i > 0; i--)
            {
                var words = (uint)random.Next(0, 1000);
                var payload = writer.Begin(SomeOp, owner, words * 8);
                Assert.True(payload != null);
                new Span<byte>(payload, (int)words * 8).Fill(0xEE);
                writer.Commit(owner, 0);
                Assert.Equal(RingPeek.Record, reader.TryPeek(out var header));
                Assert.Equal((owner, owner), (header.Ticket, header.Context));
                Assert.Equal(words * 8 + RecordHeader.Bytes, header.SizeBytes);
                reader.Advance(header);
                Assert.Equal(RingPeek.Empty, reader.TryPeek(out _));
            }
            writer.Close();
        }
    }

    [Fact]
    public void A_slot_retires_only_when_it_has_no_owner_and_no_records()
    {
        using var segment = new Segment();
        var writer = segment.Writer(70);
        var reader = new RingReader(segment.Base, 70);
        Assert.NotEqual(0ul, segment.Control->OpenRings[1] & (1ul << 6));
        _ = writer.Begin(SomeOp, 0, 0);
        writer.Commit(1, 0);
        writer.Close();
        Assert.False(reader.TryRetire(segment.Control, 70));
        _ = reader.TryPeek(out var header);
        reader.Advance(header);
        Assert.True(reader.TryRetire(segment.Control, 70));
        Assert.Equal(0ul, segment.Control->OpenRings[1]);
        writer.Open(segment.Base, 70, false);
        Assert.NotEqual(0ul, segment.Control->OpenRings[1]);
        Assert.False(reader.TryRetire(segment.Control, 70));
    }

    [Fact]
    public void Records_of_threads_that_take_turns_can_be_merged_by_ticket()
    {
        using var segment = new Segment();
        const int threads = 4;
        const int rounds = 500;
        ulong ticket = 0;
        var turn = 0;
        var producers = Enumerable
            .Range(0, threads)
            .Select(index => new Thread(() =>
            {
                var writer = segment.Writer(index);
                for (var i = 0; i < rounds; i++)
                {
                    // The turn makes each record happen before the next thread's.
                    SpinWait.SpinUntil(() => Volatile.Read(ref turn) % threads == index);
                    byte* payload;
                    while ((payload = writer.Begin(SomeOp, 0, 8)) == null)
                    {
                        Thread.Yield();
                    }
                    *(ulong*)payload = (ulong)turn;
                    writer.Commit(Interlocked.Increment(ref ticket), 0);
                    Interlocked.Increment(ref turn);
                }
            }))
            .ToList();
        producers.ForEach(p => p.Start());
        var readers = Enumerable.Range(0, threads).Select(i => new RingReader(segment.Base, i)).ToArray();
        var copy = stackalloc byte[SegmentLayout.MaxRecordBytes];
        for (ulong expected = 0; expected < threads * rounds; )
        {
            var best = -1;
            ulong bestTicket = ulong.MaxValue;
            RecordHeader bestHeader = default;
            for (var i = 0; i < threads; i++)
            {
                if (readers[i].TryPeek(out var header) == RingPeek.Record && header.Ticket < bestTicket)
                {
                    (best, bestTicket, bestHeader) = (i, header.Ticket, header);
                }
            }
            if (best < 0 || bestTicket != expected + 1)
            {
                continue;
            }
            var record = readers[best].CopyPayload(bestHeader, copy);
            Assert.Equal(expected, record.U64());
            record.End();
            readers[best].Advance(bestHeader);
            expected++;
        }
        producers.ForEach(p => p.Join());
    }

    [Fact]
    public void A_call_comes_back_also_after_both_have_slept()
    {
        using var segment = new Segment();
        var worker = new Thread(() => Serve(segment, 40));
        worker.Start();
        var writer = segment.Writer(0);
        for (uint i = 0; i < 40; i++)
        {
            if (i % 4 == 3)
            {
                Thread.Sleep(3); // Longer than either side spins.
            }
            *(ulong*)writer.Begin(SomeOp, 0, 8) = i;
            var sequence = writer.Header->ReplySequence;
            writer.Commit(i + 1, RecordHeader.CallFlag);
            Assert.True(ClientWait.ForReply(writer.Header, writer.Control, sequence, OpenSocket));
            Assert.Equal((int)i, writer.Header->ReplyResult);
            Assert.Equal(i * 2, *(ulong*)SegmentLayout.ReplyPayload(writer.Header));
        }
        worker.Join();
    }

    [Fact]
    public void A_waiting_client_learns_that_the_session_is_closed()
    {
        using var segment = new Segment();
        var writer = segment.Writer(0);
        var closer = new Thread(() =>
        {
            Thread.Sleep(20);
            Volatile.Write(ref segment.Control->State, (uint)SessionState.Closed);
        });
        closer.Start();
        _ = writer.Begin(SomeOp, 0, 0);
        writer.Commit(1, RecordHeader.CallFlag);
        Assert.False(ClientWait.ForReply(writer.Header, writer.Control, 0, OpenSocket));
        closer.Join();
    }

    [Fact]
    public void Another_process_reads_the_same_records()
    {
        using var segment = new Segment();
        using var peer = RingPeer.Start(segment.Descriptor);
        var writer = segment.Writer(1);
        ulong sum = 0;
        for (ulong i = 1; i <= RingPeer.Records; i++)
        {
            byte* payload;
            while ((payload = writer.Begin(SomeOp, 0, 8)) == null)
            {
                Thread.Yield();
            }
            *(ulong*)payload = i;
            sum += i;
            writer.Commit(i, 0);
        }
        peer.WaitForExit();
        Assert.Equal(0, peer.ExitCode);
        Assert.Equal(sum, *(ulong*)SegmentLayout.ReplyPayload(SegmentLayout.Slot(segment.Base, 1)));
    }

    /// <summary>Any descriptor that is no socket at its end; standard input of a test may be anything, a fresh pair is sure.</summary>
    private static int OpenSocket { get; } = SocketPair.Create().First;

    private static void Publish(RingWriter* writer, ulong number, uint words)
    {
        byte* payload;
        while ((payload = writer->Begin(SomeOp, number, words * 8)) == null)
        {
            Assert.True(ClientWait.ForRoom(writer, words * 8 + 64, OpenSocket));
        }
        for (var w = 0u; w < words; w++)
        {
            ((ulong*)payload)[w] = number * 1000003 + w;
        }
        writer->Commit(number, 0);
    }

    private static void Consume(Segment segment, int slot, int count)
    {
        var reader = new RingReader(segment.Base, slot);
        var copy = new byte[SegmentLayout.MaxRecordBytes];
        fixed (byte* buffer = copy)
        {
            for (ulong i = 0; i < (ulong)count; )
            {
                var found = reader.TryPeek(out var header);
                Assert.NotEqual(RingPeek.Corrupt, found);
                if (found == RingPeek.Empty)
                {
                    Thread.Yield();
                    continue;
                }
                Assert.Equal(i, header.Ticket);
                Assert.Equal(i, header.Context);
                var record = reader.CopyPayload(header, buffer);
                for (var w = 0ul; w < (header.SizeBytes - RecordHeader.Bytes) / 8; w++)
                {
                    Assert.Equal(i * 1000003 + w, record.U64());
                }
                record.End();
                reader.Advance(header);
                i++;
            }
        }
    }

    private static void Serve(Segment segment, uint calls)
    {
        var reader = new RingReader(segment.Base, 0);
        uint sequence = 0;
        var copy = stackalloc byte[SegmentLayout.MaxRecordBytes];
        var idle = Stopwatch.StartNew();
        while (sequence < calls)
        {
            if (reader.TryPeek(out var header) == RingPeek.Empty)
            {
                if (idle.ElapsedMilliseconds > 1)
                {
                    Doorbell.Announce(segment.Control);
                    if (reader.TryPeek(out _) == RingPeek.Empty)
                    {
                        Doorbell.Sleep(segment.Control, 10_000_000_000);
                    }
                    else
                    {
                        Doorbell.Cancel(segment.Control);
                    }
                }
                continue;
            }
            idle.Restart();
            var record = reader.CopyPayload(header, copy);
            var value = record.U64();
            record.End();
            var reply = ReplySlot.Writer(reader.Header);
            reply.U64(value * 2);
            reader.Advance(header);
            ReplySlot.Publish(reader.Header, ref sequence, (int)value, reply.Written);
        }
    }
}
