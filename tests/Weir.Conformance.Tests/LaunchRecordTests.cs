using System.Text;
using Weir.Oracle;
using Xunit;

namespace Weir.Conformance.Tests;

/// <summary>The reader of launch records, against a record written byte by byte as the format says.</summary>
public class LaunchRecordTests
{
    private const string Double =
        ".version 7.0\n.target sm_70\n.address_size 64\n.global .b32 factor;\n.visible .entry twice(.param .u64 p)\n{\n.reg .b32 %r<3>;\n.reg .b64 %rd<2>;\n"
        + "ld.param.u64 %rd1, [p];\nld.global.u32 %r1, [%rd1];\nld.global.u32 %r2, [factor];\nmul.lo.u32 %r1, %r1, %r2;\nst.global.u32 [%rd1], %r1;\nret;\n}";

    [Fact]
    public void A_record_is_read_and_replayed()
    {
        var record = LaunchRecord.Read(Bytes(answer: 42));
        Assert.Equal("twice", record.Entry);
        Assert.Equal(new Dim3(1, 1, 1), record.Grid);
        Assert.Equal(0x2000ul, record.Symbols["factor"]);
        Assert.Equal(7u, Assert.Single(record.Textures).Value.Width);
        Assert.Null(Replay.Difference(record));
        Assert.Contains("byte 0", Replay.Difference(LaunchRecord.Read(Bytes(answer: 43))));
    }

    [Fact]
    public void A_damaged_record_is_refused()
    {
        var whole = Bytes(answer: 42);
        for (var length = 0; length < whole.Length; length++)
        {
            Assert.Throws<InvalidDataException>(() => LaunchRecord.Read(whole.AsSpan(0, length)));
        }
        Assert.Throws<InvalidDataException>(() => LaunchRecord.Read([.. whole, 0]));
        whole[0] ^= 1;
        Assert.Throws<InvalidDataException>(() => LaunchRecord.Read(whole));
    }

    private static byte[] Bytes(int answer)
    {
        var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes);
        void Blob(byte[] blob)
        {
            writer.Write(blob.Length);
            writer.Write(blob);
        }
        writer.Write("WEIRLNC1"u8);
        Blob(Encoding.UTF8.GetBytes(Double));
        Blob("twice"u8.ToArray());
        for (var i = 0; i < 6; i++)
        {
            writer.Write(1u);
        }
        writer.Write(0u);
        Blob(BitConverter.GetBytes(0x1000ul));
        writer.Write(1u);
        Blob("factor"u8.ToArray());
        writer.Write(0x2000ul);
        writer.Write(1u);
        writer.Write(0x7465_7800_0000_0001ul);
        var descriptor = new byte[64];
        descriptor[8] = 7;
        writer.Write(descriptor);
        writer.Write(2u);
        writer.Write(0x1000ul);
        Blob(BitConverter.GetBytes(21));
        Blob(BitConverter.GetBytes(answer));
        writer.Write(0x2000ul);
        Blob(BitConverter.GetBytes(2));
        Blob(BitConverter.GetBytes(2));
        return bytes.ToArray();
    }
}
