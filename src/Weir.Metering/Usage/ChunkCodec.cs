using System.IO.Compression;

namespace Weir.Metering.Usage;

/// <summary>
/// A chunk as the store keeps it: a version byte, then, deflated, the number of buckets, which fields are not zero throughout, and those fields
/// one after the other, each value as the difference from the one before, in as few bytes as it takes.
/// </summary>
public static class ChunkCodec
{
    private const byte Version = 1;
    private const int MostBuckets = 4096;

    /// <summary>Bytes of the buckets' values, <see cref="UsageFields.Count"/> per bucket.</summary>
    public static byte[] Encode(ReadOnlySpan<long> values)
    {
        int buckets = values.Length / UsageFields.Count;
        byte[] plain = new byte[10 + 5 + values.Length * 10];
        int at = 0;
        Write(plain, ref at, (ulong)buckets);
        uint mask = 0;
        for (int i = 0; i < values.Length; i++)
        {
            mask |= values[i] == 0 ? 0 : 1u << (i % UsageFields.Count);
        }
        Write(plain, ref at, mask);
        for (int field = 0; field < UsageFields.Count; field++)
        {
            if ((mask & (1u << field)) == 0)
            {
                continue;
            }
            long before = 0;
            for (int bucket = 0; bucket < buckets; bucket++)
            {
                long value = values[bucket * UsageFields.Count + field];
                long difference = value - before;
                Write(plain, ref at, (ulong)((difference << 1) ^ (difference >> 63)));
                before = value;
            }
        }
        using var packed = new MemoryStream();
        packed.WriteByte(Version);
        using (var deflate = new DeflateStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            deflate.Write(plain, 0, at);
        }
        return packed.ToArray();
    }

    /// <summary>The values again.</summary>
    /// <exception cref="FormatException">The bytes are no chunk, or a damaged one.</exception>
    public static long[] Decode(byte[] bytes)
    {
        if (bytes.Length < 2 || bytes[0] != Version)
        {
            throw new FormatException("a chunk of usage is damaged or of a newer release");
        }
        byte[] plain = Inflate(bytes);
        int at = 0;
        ulong buckets = Read(plain, ref at);
        ulong mask = Read(plain, ref at);
        if (buckets > MostBuckets || mask >> UsageFields.Count != 0)
        {
            throw new FormatException("a chunk of usage is damaged");
        }
        long[] values = new long[(int)buckets * UsageFields.Count];
        for (int field = 0; field < UsageFields.Count; field++)
        {
            if ((mask & (1ul << field)) == 0)
            {
                continue;
            }
            long before = 0;
            for (int bucket = 0; bucket < (int)buckets; bucket++)
            {
                ulong coded = Read(plain, ref at);
                before += (long)(coded >> 1) ^ -(long)(coded & 1);
                values[bucket * UsageFields.Count + field] = before;
            }
        }
        return values;
    }

    private static byte[] Inflate(byte[] bytes)
    {
        try
        {
            using var inflate = new DeflateStream(
                new MemoryStream(bytes, 1, bytes.Length - 1),
                CompressionMode.Decompress
            );
            using var plain = new MemoryStream();
            inflate.CopyTo(plain);
            return plain.ToArray();
        }
        catch (InvalidDataException damaged)
        {
            throw new FormatException("a chunk of usage is damaged", damaged);
        }
    }

    private static void Write(byte[] to, ref int at, ulong value)
    {
        while (value >= 0x80)
        {
            to[at++] = (byte)(value | 0x80);
            value >>= 7;
        }
        to[at++] = (byte)value;
    }

    private static ulong Read(byte[] from, ref int at)
    {
        ulong value = 0;
        for (int shift = 0; shift < 70; shift += 7)
        {
            if (at >= from.Length)
            {
                break;
            }
            byte one = from[at++];
            value |= (ulong)(one & 0x7f) << shift;
            if (one < 0x80)
            {
                return value;
            }
        }
        throw new FormatException("a chunk of usage is damaged: it ends too early");
    }
}
