namespace Weir.Estimates.Files;

/// <summary>Counts the elements and bytes of a model's tensors; sizes come from files and may be anything.</summary>
internal sealed class TensorTally
{
    private UInt128 _elements;
    private UInt128 _bits;

    /// <summary>Elements so far.</summary>
    public long Elements => Whole(_elements);

    /// <summary>Bytes so far.</summary>
    public long Bytes => Whole((_bits + 7) / 8);

    /// <summary>Tensors so far.</summary>
    public int Count { get; private set; }

    /// <summary>Adds a tensor of so many elements, <paramref name="bits"/> per <paramref name="block"/> of them.</summary>
    /// <exception cref="ModelFileException">The sum is beyond all measure.</exception>
    public void Add(IEnumerable<ulong> shape, ulong bits, ulong block = 1)
    {
        UInt128 elements = 1;
        foreach (ulong extent in shape)
        {
            elements *= extent;
            _ = Whole(elements);
        }
        _elements += elements;
        _bits += (elements + block - 1) / block * bits;
        Count++;
        _ = Bytes;
        _ = Elements;
    }

    private static long Whole(UInt128 value) =>
        value <= long.MaxValue
            ? (long)value
            : throw new ModelFileException("a tensor has more elements than any memory: the file is damaged");
}
