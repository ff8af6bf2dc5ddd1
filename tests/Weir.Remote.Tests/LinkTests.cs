using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Weir.Remote.Links;

namespace Weir.Remote.Tests;

public unsafe class LinkTests
{
    private static readonly TimeSpan s_grace = TimeSpan.FromSeconds(20);

    [Fact]
    public void Frames_go_both_ways_in_order()
    {
        using var pair = new LinkPair(s_grace);
        pair.Client.Open();
        Exchange(pair, 500, 500, _ => { });
        Assert.Equal(0, pair.Client.Resumed);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Nothing_is_lost_or_comes_twice_when_connections_are_cut_anywhere(int seed)
    {
        using var pair = new LinkPair(s_grace);
        pair.Client.Open();
        var random = new Random(seed);
        Exchange(
            pair,
            1500,
            1500,
            sent =>
            {
                if (sent % 100 == 0)
                {
                    pair.Proxy.CutAfter(random.Next(200_000));
                }
            }
        );
        Assert.True(pair.Proxy.Cuts > 2, $"{pair.Proxy.Cuts} cuts");
        Assert.True(pair.Client.Resumed > 0);
    }

    [Fact]
    public void A_link_that_is_not_back_within_the_grace_time_ends_on_both_sides()
    {
        using var pair = new LinkPair(TimeSpan.FromMilliseconds(400));
        pair.Client.Open();
        Exchange(pair, 5, 5, _ => { });
        pair.Proxy.IsClosed = true;
        pair.Proxy.Cut();
        using var taken = new Collector();
        Assert.False(pair.Client.Receive(taken));
        Assert.False(pair.Server.Receive(taken));
        Assert.Contains("0.4 s", pair.Client.Ended);
        Assert.Contains("0.4 s", pair.Server.Ended);
        Assert.False(pair.Client.WaitForRoom());
    }

    [Fact]
    public void A_stranger_with_another_secret_or_certificate_does_not_get_in()
    {
        using var pair = new LinkPair(s_grace);
        using var other = new LinkPair(s_grace);
        var offer = new Weir.Remote.Control.SessionOffer(
            "s",
            Guid.NewGuid(),
            new string('0', 64),
            new string('A', 43),
            30
        );
        var dialer = new Dialer($"127.0.0.1:{pair.Proxy.Port}", offer);
        RemoteException refusal = Assert.Throws<RemoteException>(() => dialer.Dial(0, 0));
        Assert.Contains("not the one of the offer", refusal.Message);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_client_that_sends_nonsense_ends_its_own_link(int seed)
    {
        using var pair = new LinkPair(TimeSpan.FromSeconds(2));
        (Connection connection, _) = pair.Client.Dial!(0);
        var random = new Random(seed);
        byte[] nonsense = new byte[4096];
        random.NextBytes(nonsense);
        if (seed == 2)
        {
            // A frame that would be right, but for its number.
            var header = new FrameHeader { Kind = 7, Number = 5 };
            MemoryMarshal.Write(nonsense, in header);
        }
        if (seed == 3)
        {
            // An acknowledgement of what was never sent.
            var header = new FrameHeader { Acknowledged = 77 };
            MemoryMarshal.Write(nonsense, in header);
        }
        connection.Secure.Write(nonsense);
        using var taken = new Collector();
        Assert.False(pair.Server.Receive(taken));
        Assert.Contains("the other node", pair.Server.Ended);
        connection.Dispose();
    }

    // The client sends so many frames, the server so many, at the same time; all must come, once and in order.
    private static void Exchange(LinkPair pair, int up, int down, Action<int> each)
    {
        using var atServer = new Collector();
        using var atClient = new Collector();
        var threads = new Thread[]
        {
            new(() => ReceiveAll(pair.Server, atServer, up)),
            new(() => ReceiveAll(pair.Client, atClient, down)),
            new(() => SendAll(pair.Client, up, each)),
            new(() => SendAll(pair.Server, down, _ => { })),
        };
        Array.ForEach(threads, thread => thread.Start());
        foreach (Thread thread in threads)
        {
            Assert.True(thread.Join(TimeSpan.FromSeconds(60)), $"{pair.Client.Ended} {pair.Server.Ended}");
        }
        Assert.True(
            atServer.Counters.Count == up && atClient.Counters.Count == down,
            $"{pair.Client.Ended} {pair.Server.Ended}"
        );
        Assert.Equal(Enumerable.Range(0, up).Select(i => (long)i), atServer.Counters);
        Assert.Equal(Enumerable.Range(0, down).Select(i => (long)i), atClient.Counters);
        Assert.Null(atServer.Wrong);
        Assert.Null(atClient.Wrong);
    }

    private static void ReceiveAll(Link link, Collector collector, int count)
    {
        while (collector.Counters.Count < count && link.Receive(collector)) { }
        if (collector.Counters.Count < count)
        {
            return;
        }
        // Whoever has received all still has to see to new connections until the other side has.
        new Thread(() =>
        {
            using var rest = new Collector();
            while (link.Receive(rest)) { }
        })
        {
            IsBackground = true,
        }.Start();
    }

    private static void SendAll(Link link, int count, Action<int> each)
    {
        const int Most = 100_000;
        byte* data = (byte*)NativeMemory.Alloc((nuint)Most);
        var kept = new List<nint> { (nint)data };
        var random = new Random(count);
        for (int i = 0; i < count; i++)
        {
            byte[] head = new byte[8 + random.Next(3) * random.Next(2000)];
            Array.Fill(head, (byte)i);
            BinaryPrimitives.WriteInt64LittleEndian(head, i);
            int bytes = random.Next(4) == 0 ? random.Next(Most) : 0;
            byte* bulk = null;
            if (bytes > 0)
            {
                bulk = (byte*)NativeMemory.Alloc((nuint)bytes);
                new Span<byte>(bulk, bytes).Fill((byte)i);
                kept.Add((nint)bulk);
            }
            _ = link.WaitForRoom();
            link.Send(7, head, bulk, (uint)bytes);
            each(i);
        }
    }
}
