using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Weir.Remote.Control;
using Weir.Remote.Leases;
using Weir.Remote.Sessions;
using Weir.Wire;

namespace Weir.Remote.Tests;

/// <summary>What comes from another node is read by code that believes nothing.</summary>
public class DecoderTests
{
    private static readonly Config s_config = Config.QuickThrowOnFailure.WithReplay(417, 2025).WithMaxTest(3000);

    [Fact]
    public void Any_bytes_are_a_preface_or_refused_with_a_reason()
    {
        Prop.ForAll<byte[]>(bytes =>
            {
                bool taken = Preface.TryDecode(bytes, out _, out string reason);
                return taken == (reason.Length == 0);
            })
            .Check(s_config);
        byte[] good = new Preface(Guid.NewGuid()).Encode();
        for (int i = 0; i < 16; i++)
        {
            byte[] bad = [.. good];
            bad[i] ^= 0x40;
            Assert.False(Preface.TryDecode(bad, out _, out string reason));
            Assert.NotEmpty(reason);
        }
    }

    [Fact]
    public void Any_bytes_are_a_batch_of_records_or_refused()
    {
        var shaped = Gen.Choose(0, 400)
            .SelectMany(length => Gen.Choose(0, 255).ArrayOf(length))
            .Select(values => Shape([.. values.Select(value => (byte)value)]));
        Prop.ForAll(shaped.ToArbitrary(), bytes => Walk(bytes)).Check(s_config);
    }

    [Fact]
    public void Any_bytes_are_a_control_message_or_refused()
    {
        string[] samples =
        [
            """{"type":"open","request":1,"pid":2,"program":"p","remote":true}""",
            """{"type":"offered","request":1,"offer":{"session":"s"}}""",
            """{"type":"hold"}""",
            """{"type":"unknown"}""",
            """[]""",
            """null""",
            """{"request":1}""",
        ];
        var random = new Random(5);
        foreach (string sample in samples)
        {
            for (int round = 0; round < 300; round++)
            {
                byte[] text = Encoding.UTF8.GetBytes(sample);
                if (round > 0)
                {
                    text[random.Next(text.Length)] = (byte)random.Next(256);
                }
                var stream = new MemoryStream([.. BitConverter.GetBytes(text.Length), .. text]);
                using var channel = new ControlChannel(stream);
                try
                {
                    _ = channel.Receive(out _);
                }
                catch (RemoteException refusal)
                {
                    Assert.NotEmpty(refusal.Message);
                }
            }
        }
    }

    [Fact]
    public void Tickets_are_read_as_they_were_written()
    {
        var ticket = new LeaseTicket(
            1,
            "l-1",
            3,
            "secret",
            [new ShardTicket("n1", "host:1", "ab", "/run/a.sock", [new DeviceTicket("GPU-1", 0, 50, 8L << 30)])]
        );
        string text = JsonSerializer.Serialize(ticket, RemoteJson.Default.LeaseTicket);
        Assert.Contains("\"shards\":[{\"node\":\"n1\",\"address\":\"host:1\"", text);
        LeaseTicket read = JsonSerializer.Deserialize(text, RemoteJson.Default.LeaseTicket)!;
        Assert.Equal(ticket.Shards[0].Devices[0], read.Shards[0].Devices[0]);
        Assert.Throws<JsonException>(() =>
            JsonSerializer.Deserialize("""{"version":1,"lease":"l"}""", RemoteJson.Default.LeaseTicket)
        );
    }

    [Fact]
    public void Chunks_beyond_the_last_are_no_range()
    {
        Assert.True(RemoteChunks.TryRange(RemoteChunks.Count - 1, RemoteChunks.HostBytes, out long offset));
        Assert.Equal(RemoteChunks.TotalBytes - RemoteChunks.HostBytes, offset);
        Assert.False(RemoteChunks.TryRange(RemoteChunks.Count, 1, out _));
        Assert.False(RemoteChunks.TryRange(RemoteChunks.FirstHost, RemoteChunks.HostBytes + 1, out _));
        Assert.False(RemoteChunks.TryRange(ulong.MaxValue, 1, out _));
        Assert.False(RemoteChunks.TryRange(0, ulong.MaxValue, out _));
    }

    // Makes the first record's sizes plausible, so that more than the first check is reached.
    private static byte[] Shape(byte[] bytes)
    {
        if (bytes.Length >= RecordBatch.PrefixBytes + RecordHeader.Bytes)
        {
            Array.Clear(bytes, 1, 7);
            bytes[RecordBatch.PrefixBytes] &= 0x78;
            Array.Clear(bytes, RecordBatch.PrefixBytes + 1, 3);
        }
        return bytes;
    }

    private static bool Walk(byte[] bytes)
    {
        ReadOnlySpan<byte> batch = bytes;
        int total = 0;
        try
        {
            while (RecordBatch.TryNext(ref batch, out int slot, out ReadOnlySpan<byte> record))
            {
                total += RecordBatch.PrefixBytes + record.Length;
                Assert.InRange(slot, 0, SegmentLayout.SlotCount - 1);
                Assert.InRange(record.Length, RecordHeader.Bytes, SegmentLayout.MaxRecordBytes);
            }
            return total == bytes.Length;
        }
        catch (RemoteException)
        {
            return total <= bytes.Length;
        }
    }
}
