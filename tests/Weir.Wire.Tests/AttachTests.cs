using System.Runtime.InteropServices;
using FsCheck;
using FsCheck.Fluent;

namespace Weir.Wire.Tests;

/// <summary>Hello, welcome, snapshot, descriptors, handles.</summary>
public sealed unsafe class AttachTests
{
    private static readonly Config Seeded = Config.QuickThrowOnFailure.WithMaxTest(3000).WithReplay(20260102, 11);

    [Fact]
    public void Structures_have_the_sizes_that_the_protocol_says()
    {
        Assert.Equal(Hello.FixedBytes, sizeof(Hello));
        Assert.Equal(Welcome.FixedBytes, sizeof(Welcome));
        Assert.Equal(32, sizeof(SnapshotHeader));
        Assert.Equal(1024, sizeof(DeviceSnapshot));
        Assert.Equal(32, sizeof(CallbackEntry));
        Assert.Equal(RecordHeader.Bytes, sizeof(RecordHeader));
        Assert.Equal(4096, sizeof(ControlPage));
        Assert.True(sizeof(RingHeader) <= SegmentLayout.ReplyPayloadOffset);
        Assert.Equal(0, SegmentLayout.RingBytes & (SegmentLayout.RingBytes - 1));
    }

    [Fact]
    public void A_hello_is_read_as_it_was_written()
    {
        var message = ValidHello(out var sent);
        Assert.True(Hello.TryDecode(message, out var hello, out var program));
        Assert.Equal(sent.WindowBase, hello.WindowBase);
        Assert.Equal("/usr/bin/x"u8.ToArray(), program.ToArray());
    }

    [Fact]
    public void A_hello_with_any_changed_byte_is_refused_or_keeps_its_rules()
    {
        var property = Prop.ForAll(
            Gen.Choose(0, 73).ToArbitrary(),
            ArbMap.Default.ArbFor<byte>(),
            (place, value) =>
            {
                var message = ValidHello(out _);
                message[place] = value;
                return !Hello.TryDecode(message, out var hello, out var program)
                    || (
                        program.Length == 10
                        && hello.WindowBase + hello.WindowBytes <= 1UL << 47
                        && (hello.WindowBase & 4095) == 0
                    );
            }
        );
        Check.One(Seeded, property);
    }

    [Fact]
    public void Random_messages_are_refused()
    {
        var property = Prop.ForAll(
            ArbMap.Default.ArbFor<byte[]>(),
            bytes =>
                !Hello.TryDecode(bytes, out _, out _)
                && !Welcome.TryDecode(bytes, out _, out _, out _)
                && !Welcome.IsSnapshot(bytes)
        );
        Check.One(Seeded, property);
    }

    [Fact]
    public void Truncated_and_lengthened_messages_are_refused()
    {
        var hello = ValidHello(out _);
        var welcome = ValidWelcome();
        for (var length = 0; length < hello.Length; length++)
        {
            Assert.False(Hello.TryDecode(hello.AsSpan(0, length), out _, out _));
        }
        for (var length = 0; length < welcome.Length; length += 13)
        {
            Assert.False(Welcome.TryDecode(welcome.AsSpan(0, length), out _, out _, out _));
        }
        Assert.False(Hello.TryDecode([.. hello, 0], out _, out _));
        Assert.False(Welcome.TryDecode([.. welcome, 0], out _, out _, out _));
        Assert.True(Welcome.TryDecode(welcome, out _, out var text, out var snapshot));
        Assert.Equal("why"u8.ToArray(), text.ToArray());
        Assert.Equal(32 + 2 * 1024, snapshot.Length);
    }

    [Theory]
    [InlineData(0ul, 1ul << 30)] // the null page
    [InlineData(1ul << 47, 1ul << 30)] // beyond user space
    [InlineData((1ul << 47) - (1ul << 20), 1ul << 30)] // across its end
    [InlineData(0x1001ul << 12 | 1, 1ul << 30)] // not on a page
    [InlineData(1ul << 40, (1ul << 30) + 4096)] // halves not on pages
    [InlineData(1ul << 40, ulong.MaxValue & ~8191ul)]
    [InlineData(1ul << 40, 4096ul)] // too small
    public void Impossible_windows_are_refused(ulong start, ulong bytes)
    {
        var message = ValidHello(out var hello);
        hello.WindowBase = start;
        hello.WindowBytes = bytes;
        MemoryMarshal.Write(message, in hello);
        Assert.False(Hello.TryDecode(message, out _, out _));
        hello.Flags = Hello.SnapshotOnly;
        MemoryMarshal.Write(message, in hello);
        Assert.True(Hello.TryDecode(message, out _, out _));
    }

    [Fact]
    public void Descriptors_travel_with_their_message()
    {
        var (first, second) = SocketPair.Create();
        using var segment = new Segment();
        var data = stackalloc byte[5] { 1, 2, 3, 4, 5 };
        var sent = stackalloc int[2] { segment.Descriptor, first };
        Assert.True(DescriptorSocket.TrySend(first, data, 5, sent, 2));
        var buffer = stackalloc byte[64];
        var got = stackalloc int[3];
        Assert.Equal(5, DescriptorSocket.Receive(second, buffer, 64, got, 3, false));
        Assert.Equal(5, buffer[4]);
        Assert.True(got[0] >= 0 && got[1] >= 0 && got[2] == -1);
        using (var same = new Segment(got[0]))
        {
            same.Control->Magic = 77;
            Assert.Equal(77ul, segment.Control->Magic);
        }
        foreach (var descriptor in new[] { got[1], first })
        {
            Assert.Equal(0, Libc.CloseRaw(descriptor));
        }
        Assert.Equal(0, DescriptorSocket.Receive(second, buffer, 64, got, 3, false));
        Assert.Equal(0, Libc.CloseRaw(second));
    }

    [Fact]
    public void Descriptors_that_nobody_asked_for_are_closed()
    {
        var (first, second) = SocketPair.Create();
        var before = Descriptors();
        var sent = stackalloc int[4] { first, first, first, first };
        var data = stackalloc byte[64];
        var got = stackalloc int[1];
        for (var i = 0; i < 20; i++)
        {
            Assert.True(DescriptorSocket.TrySend(first, data, 64, sent, 4));
            // Too small a buffer: the message is truncated and none of its descriptors may stay.
            Assert.Equal(-1, DescriptorSocket.Receive(second, data, 8, got, 1, true));
            Assert.Equal(-1, got[0]);
        }
        Assert.Equal(before, Descriptors());
        Assert.Equal(0, Libc.CloseRaw(first));
        Assert.Equal(0, Libc.CloseRaw(second));
    }

    [Fact]
    public void Handles_keep_their_parts_and_their_kind()
    {
        var property = Prop.ForAll(
            ArbMap.Default.ArbFor<uint>(),
            ArbMap.Default.ArbFor<uint>(),
            Gen.Choose(1, 15).ToArbitrary(),
            (index, generation, kind) =>
            {
                var handle = Handle.Pack(index, generation, (uint)kind, index);
                return Handle.Index(handle) == (index & 0xFFFFFF)
                    && Handle.Generation(handle) == (generation & 0xFFF)
                    && Handle.Shard(handle) == (index & 0xFF)
                    && Handle.IsWellFormed(handle, (uint)kind)
                    && !Handle.IsWellFormed(handle, (uint)kind ^ 1)
                    && !Handle.IsWellFormed(handle | 1, (uint)kind)
                    && !Handle.IsWellFormed(handle | 1UL << 60, (uint)kind);
            }
        );
        Check.One(Seeded, property);
    }

    [Fact]
    public void Callback_entries_are_done_when_the_client_has_run_them()
    {
        using var segment = new Segment();
        uint tail = 0;
        var entry = new CallbackEntry { Function = 1, UserData = 2 };
        for (var i = 0; i < CallbackQueue.Entries; i++)
        {
            Assert.True(CallbackQueue.TryAdd(segment.Base, ref tail, entry));
        }
        Assert.False(CallbackQueue.TryAdd(segment.Base, ref tail, entry));
        Assert.False(CallbackQueue.IsDone(segment.Base, 0));
        segment.Control->CallbackHead = 1;
        Assert.True(CallbackQueue.IsDone(segment.Base, 0));
        Assert.False(CallbackQueue.IsDone(segment.Base, 1));
        Assert.True(CallbackQueue.TryAdd(segment.Base, ref tail, entry));
    }

    private static int Descriptors() => Directory.GetFileSystemEntries("/proc/self/fd").Length;

    private static byte[] ValidHello(out Hello hello)
    {
        var program = "/usr/bin/x"u8;
        hello = new Hello
        {
            Magic = Hello.ExpectedMagic,
            Version = SegmentLayout.Version,
            TotalBytes = (uint)(Hello.FixedBytes + program.Length),
            Pid = 1,
            WindowBase = 0x6F00_0000_0000,
            WindowBytes = 1UL << 40,
            ProgramBytes = (uint)program.Length,
        };
        var message = new byte[hello.TotalBytes];
        MemoryMarshal.Write(message, in hello);
        program.CopyTo(message.AsSpan(Hello.FixedBytes));
        return message;
    }

    private static byte[] ValidWelcome()
    {
        var snapshot = new byte[32 + 2 * 1024];
        var header = new SnapshotHeader
        {
            Magic = SnapshotHeader.ExpectedMagic,
            DeviceCount = 2,
            DeviceBytes = 1024,
        };
        MemoryMarshal.Write(snapshot, in header);
        return Welcome.Encode(new Welcome { WorkerPid = 3 }, "why"u8, snapshot);
    }
}
