using System.Runtime.InteropServices;
using Weir.Api;
using Weir.Posix;
using Weir.Wire;
using Weir.Worker.Tests.Support;

namespace Weir.Worker.Tests.Processes;

/// <summary>Clients that break the rules lose their own session and nobody else's.</summary>
public unsafe class HostileClientTests
{
    private static readonly ulong s_context = Handle.Pack(0, 0, (uint)HandleKind.Context, 0);

    [Fact]
    public void Greetings_that_are_none_are_turned_away()
    {
        using var run = WeirRun.Start();
        var random = new Random(5);
        for (int i = 0; i < 100; i++)
        {
            using WireClient client = WireClient.Connect(run.SocketName);
            byte[] noise = new byte[random.Next(1, 200)];
            random.NextBytes(noise);
            _ = UnixSocket.Send(client.Socket, noise);
            client.AssertClosed();
        }
        AssertServes(run);
    }

    [Fact]
    public void Almost_right_greetings_are_turned_away()
    {
        using var run = WeirRun.Start();
        var random = new Random(6);
        for (int i = 0; i < 20; i++)
        {
            using WireClient client = WireClient.Connect(run.SocketName);
            Hello hello = WireClient.NewHello();
            Span<byte> bytes = MemoryMarshal.AsBytes(new Span<Hello>(ref hello));
            // Past the magic number: version, sizes, window, fingerprint.
            bytes[random.Next(8, 48)] ^= (byte)(1 << random.Next(8));
            _ = UnixSocket.Send(client.Socket, bytes[..random.Next(bytes.Length - 8, bytes.Length + 1)]);
        }
        AssertServes(run);
    }

    [Fact]
    public void Another_version_is_told_so()
    {
        using var run = WeirRun.Start();
        using WireClient client = WireClient.Connect(run.SocketName);
        Hello hello = WireClient.NewHello();
        hello.ApiHash ^= 1;
        Assert.Equal(WelcomeStatus.VersionMismatch, client.Greet(hello).Status);
    }

    [Fact]
    public void A_window_that_is_taken_can_be_asked_for_elsewhere()
    {
        using var run = WeirRun.Start();
        using WireClient client = WireClient.Connect(run.SocketName);
        Hello hello = WireClient.NewHello();
        ulong good = hello.WindowBase;
        // Where every program has its own code, stack or nothing that may be mapped.
        hello.WindowBase = 0x7FFF_0000_0000;
        hello.WindowBytes = 1UL << 32;
        Assert.Equal(WelcomeStatus.WindowTaken, client.Greet(hello).Status);
        hello.WindowBase = good;
        hello.WindowBytes = 1UL << 30;
        Assert.Equal(WelcomeStatus.Ok, client.Greet(hello).Status);
    }

    [Fact]
    public void The_snapshot_alone_needs_no_session()
    {
        using var run = WeirRun.Start();
        for (int i = 0; i < 3; i++)
        {
            using WireClient client = WireClient.Connect(run.SocketName);
            Hello hello = WireClient.NewHello();
            hello.Flags = Hello.SnapshotOnly;
            (WelcomeStatus status, int segment, _) = client.Greet(hello);
            Assert.Equal((WelcomeStatus.Ok, -1), (status, segment));
        }
        AssertServes(run);
    }

    [Fact]
    public void A_connection_that_says_nothing_holds_nobody_up()
    {
        using var run = WeirRun.Start();
        using WireClient silent = WireClient.Connect(run.SocketName);
        AssertServes(run);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_broken_ring_ends_its_session_only(int how)
    {
        using var run = WeirRun.Start();
        using var other = WireClient.Attach(run.SocketName);
        using var hostile = WireClient.Attach(run.SocketName);
        Assert.Equal(CuResult.Success, other.Call(Op.CtxCreate, 0, s_context, 0, 0));
        RingHeader* slot = SegmentLayout.Slot(hostile.Segment, 0);
        switch (how)
        {
            case 0:
                *(ulong*)SegmentLayout.Records(slot) = RecordHeader.FirstWord(SegmentLayout.RingBytes, 0, 0);
                Doorbell.Ring(SegmentLayout.Control(hostile.Segment));
                break;
            case 1:
                *(uint*)SegmentLayout.Records(slot) = 12;
                Doorbell.Ring(SegmentLayout.Control(hostile.Segment));
                break;
            case 2:
                Assert.Null(hostile.Call((Op)0xFFFF, 0));
                break;
            default:
                Assert.Null(hostile.Call(Op.MemAlloc, 0, 1, 2, 3));
                break;
        }
        hostile.AssertClosed();
        ProcessTable.AssertEnd(hostile.WorkerId);
        Assert.Equal(CuResult.Success, other.Call(Op.CtxSynchronize, s_context));
        AssertServes(run);
    }

    [Fact]
    public void Noise_all_over_the_segment_ends_its_session_only()
    {
        using var run = WeirRun.Start();
        for (int seed = 0; seed < 5; seed++)
        {
            var random = new Random(seed);
            using var hostile = WireClient.Attach(run.SocketName);
            for (int i = 0; i < 2000; i++)
            {
                int slot = random.Next(SegmentLayout.SlotCount);
                hostile.Segment[random.Next(SegmentLayout.ControlBytes)] = (byte)random.Next(256);
                RingHeader* header = SegmentLayout.Slot(hostile.Segment, slot);
                random.NextBytes(new Span<byte>(SegmentLayout.Records(header), 64));
            }
            Doorbell.Ring(SegmentLayout.Control(hostile.Segment));
        }
        AssertServes(run);
    }

    private static void AssertServes(WeirRun run)
    {
        using var client = WireClient.Attach(run.SocketName);
        Assert.Equal(CuResult.Success, client.Call(Op.CtxCreate, 0, s_context, 0, 0));
        Assert.Equal(CuResult.Success, client.Call(Op.CtxSynchronize, s_context));
    }
}
