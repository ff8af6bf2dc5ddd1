using FsCheck;
using FsCheck.Fluent;
using Weir.Wire;
using Weir.Worker.Rings;
using Weir.Worker.Tests.Support;

namespace Weir.Worker.Tests.Rings;

/// <summary>Merging the rings of many client threads by ticket.</summary>
public unsafe class RingSetTests
{
    private const ushort SomeOp = 100;

    [Fact]
    public void Published_records_come_out_in_the_order_of_their_tickets()
    {
        Prop.ForAll(
                Gen.Choose(0, 9).ListOf().ToArbitrary(),
                slots =>
                {
                    using var segment = new Segment();
                    var writers = new RingWriter[10];
                    for (int i = 0; i < writers.Length; i++)
                    {
                        writers[i] = segment.Open(i * 97);
                    }
                    ulong ticket = 1;
                    foreach (int slot in slots)
                    {
                        Segment.Put(ref writers[slot], SomeOp, false, ticket, ticket);
                        ticket++;
                    }
                    var rings = new RingSet(segment.Start);
                    for (ulong expected = 1; expected < ticket; expected++)
                    {
                        RingState? ring = rings.Next(out RecordHeader header);
                        Assert.NotNull(ring);
                        Assert.Equal(expected, header.Ticket);
                        Assert.Equal(slots[(int)expected - 1] * 97, ring.Slot);
                        ring.Reader.Advance(header);
                    }
                    Assert.Null(rings.Next(out _));
                }
            )
            .Check(Config.QuickThrowOnFailure.WithReplay(20261121, 11).WithMaxTest(100));
    }

    [Fact]
    public void A_ticket_that_nobody_has_published_holds_nobody_up()
    {
        using var segment = new Segment();
        var rings = new RingSet(segment.Start);
        RingWriter one = segment.Open(0);
        RingWriter two = segment.Open(1);
        Segment.Put(ref one, SomeOp, false, 1);
        Segment.Put(ref two, SomeOp, false, 5);
        Segment.Put(ref one, SomeOp, false, 9);
        Assert.Equal([1ul, 5ul, 9ul], Drain(rings));
        // The one that was late comes all the same.
        Segment.Put(ref two, SomeOp, false, 7);
        Assert.Equal([7ul], Drain(rings));
    }

    [Fact]
    public void A_busy_ring_is_passed_over_until_its_call_is_answered()
    {
        using var segment = new Segment();
        var rings = new RingSet(segment.Start);
        RingWriter one = segment.Open(0);
        RingWriter two = segment.Open(1);
        Segment.Put(ref one, SomeOp, true, 1);
        Segment.Put(ref two, SomeOp, false, 2);
        RingState busy = rings.Next(out RecordHeader header)!;
        busy.Reader.Advance(header);
        busy.IsBusy = true;
        Segment.Put(ref one, SomeOp, false, 3);
        Assert.Equal([2ul], Drain(rings));
        busy.IsBusy = false;
        Assert.Equal([3ul], Drain(rings));
    }

    [Fact]
    public void A_ring_without_an_owner_is_let_go_and_found_again()
    {
        using var segment = new Segment();
        var rings = new RingSet(segment.Start);
        RingWriter first = segment.Open(64);
        Segment.Put(ref first, SomeOp, false, 1);
        Assert.Equal([1ul], Drain(rings));
        Assert.Equal(1, rings.OpenCount);
        first.Close();
        Assert.Empty(Drain(rings));
        Assert.Equal(0, rings.OpenCount);
        Assert.Equal(0ul, segment.Control->OpenRings[1]);
        RingWriter second = segment.Open(64);
        Segment.Put(ref second, SomeOp, false, 2);
        Assert.Equal([2ul], Drain(rings));
    }

    [Theory]
    [InlineData(4u)]
    [InlineData(16u)]
    [InlineData(SegmentLayout.RingBytes + 8u)]
    public void An_impossible_record_ends_the_session(uint size)
    {
        using var segment = new Segment();
        var rings = new RingSet(segment.Start);
        RingWriter writer = segment.Open(3);
        *(ulong*)writer.Records = RecordHeader.FirstWord(size, SomeOp, 0);
        _ = Assert.Throws<ProtocolException>(() => rings.Next(out _));
    }

    private static List<ulong> Drain(RingSet rings)
    {
        List<ulong> tickets = [];
        while (rings.Next(out RecordHeader header) is { } ring)
        {
            tickets.Add(header.Ticket);
            ring.Reader.Advance(header);
        }
        return tickets;
    }
}
