using System.Globalization;

namespace Weir.Kernels.Codegen;

/// <summary>
/// Local memory at an address that all lanes share: words of the lanes lie side by side, so it is loaded and stored as a
/// vector.
/// </summary>
internal sealed class LocalRows(KernelContext context, LaneCalls calls)
{
    private LaneBuilder B => context.B;

    private int Lanes => context.Model.Lanes;

    /// <summary>Local memory at an address that all lanes share: rows of words, one per lane.</summary>
    public Value[] Load(MemoryAccess access)
    {
        if (!IsStaticRow(access, out long start))
        {
            return calls.LoadByLanes(access);
        }
        Value[] values = new Value[access.Count];
        for (int e = 0; e < values.Length; e++)
        {
            long at = start + e * access.ElementBytes;
            Value word = Words(at);
            string bits = "i" + (access.ElementBytes * 8).ToString(CultureInfo.InvariantCulture);
            if (access.ElementBytes == 8)
            {
                Value low = B.Resize(word, "i64", false);
                Value high = B.Resize(Words(at + 4), "i64", false);
                word = B.Binary("or", low, B.Binary("shl", high, 32));
            }
            else if (access.ElementBytes < 4)
            {
                word = B.Resize(B.Binary("lshr", word, at % 4 * 8), bits, false);
            }
            values[e] = context.Reinterpret(word, access.Type);
        }
        return values;
    }

    /// <summary>Stores to an address that all lanes share.</summary>
    public void Store(MemoryAccess access, Value[] values)
    {
        if (!IsStaticRow(access, out long start))
        {
            calls.StoreByLanes(access, values);
            return;
        }
        for (int e = 0; e < values.Length; e++)
        {
            long at = start + e * access.ElementBytes;
            Value bits = B.Splat(
                context.Reinterpret(values[e], "i" + (access.ElementBytes * 8).ToString(CultureInfo.InvariantCulture))
            );
            if (access.ElementBytes == 8)
            {
                StoreWords(at, B.Resize(bits, "i32", false));
                StoreWords(at + 4, B.Resize(B.Binary("lshr", bits, 32), "i32", false));
                continue;
            }
            Value word = B.Resize(bits, "i32", false);
            if (access.ElementBytes < 4)
            {
                int shift = (int)(at % 4 * 8);
                int field = (int)((access.ElementBytes == 1 ? 0xffu : 0xffffu) << shift);
                Value kept = B.Binary("and", Words(at), ~field);
                word = B.Binary("or", kept, B.Binary("shl", word, shift));
            }
            StoreWords(at, word);
        }
    }

    private bool IsStaticRow(MemoryAccess access, out long start)
    {
        bool constant = long.TryParse(
            access.Start.Text,
            NumberStyles.AllowLeadingSign,
            CultureInfo.InvariantCulture,
            out start
        );
        return constant
            && start >= 0
            && start % access.LaneBytes == 0
            && start + access.LaneBytes <= context.Function.LocalBytes;
    }

    private Value Words(long at) =>
        B.Load("i32", true, B.Offset(context.WarpName("local"), at / 4 * 4 * Lanes), ", align 4");

    private void StoreWords(long at, Value word)
    {
        if (context.Active is { } active)
        {
            word = B.Select(active, word, Words(at));
        }
        B.Store(B.Splat(word), B.Offset(context.WarpName("local"), at / 4 * 4 * Lanes), ", align 4");
    }
}
