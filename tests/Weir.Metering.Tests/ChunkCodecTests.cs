using FsCheck;
using FsCheck.Fluent;
using Weir.Metering.Usage;

namespace Weir.Metering.Tests;

public class ChunkCodecTests
{
    private static readonly Config s_config = Config.QuickThrowOnFailure.WithMaxTest(200).WithReplay(20261121, 9);

    [Fact]
    public void What_is_written_is_read() =>
        Prop.ForAll<int, int>(
                (seed, size) =>
                {
                    var random = new Random(seed);
                    long[] values = new long[(Math.Abs(size) % 60 + 1) * UsageFields.Count];
                    for (int i = 0; i < values.Length; i++)
                    {
                        values[i] = random.Next(3) == 0 ? random.NextInt64(long.MinValue, long.MaxValue) : 0;
                    }
                    Assert.Equal(values, ChunkCodec.Decode(ChunkCodec.Encode(values)));
                }
            )
            .Check(s_config);

    [Fact]
    public void Damaged_bytes_are_refused()
    {
        var random = new Random(1);
        long[] values = [.. Enumerable.Range(0, 60 * UsageFields.Count).Select(_ => random.NextInt64(1 << 30))];
        byte[] whole = ChunkCodec.Encode(values);
        Assert.Throws<FormatException>(() => ChunkCodec.Decode([]));
        Assert.Throws<FormatException>(() => ChunkCodec.Decode(whole[..(whole.Length / 2)]));
        Assert.Throws<FormatException>(() => ChunkCodec.Decode([9, .. whole[1..]]));
    }
}
