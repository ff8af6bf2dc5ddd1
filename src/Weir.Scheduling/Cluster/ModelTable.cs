namespace Weir.Scheduling.Cluster;

/// <summary>Numbers the device models of a cluster, so that sets of them are bits. At most 64.</summary>
public sealed class ModelTable
{
    private readonly Dictionary<string, int> numbers = new(StringComparer.Ordinal);
    private readonly List<string> names = [];

    /// <summary>Models known so far.</summary>
    public int Count => names.Count;

    /// <summary>Name of a model's number.</summary>
    public string Name(int number) => names[number];

    /// <summary>The model's number; a new one for a model not seen before.</summary>
    /// <exception cref="ArgumentException">There are already 64 models.</exception>
    public int Number(string model)
    {
        if (!numbers.TryGetValue(model, out int number))
        {
            if (names.Count == 64)
            {
                throw new ArgumentException($"device model '{model}' is the 65th of the cluster; 64 can be told apart");
            }
            number = names.Count;
            names.Add(model);
            numbers.Add(model, number);
        }
        return number;
    }

    /// <summary>Bits of the models in a list separated by vertical bars; empty: all models.</summary>
    /// <remarks>Unknown models are added, so that a later node may bring them.</remarks>
    public ulong Bits(ReadOnlySpan<char> list)
    {
        if (list.IsWhiteSpace())
        {
            return TaskShape.AnyModel;
        }
        ulong bits = 0;
        foreach (Range part in list.Split('|'))
        {
            bits |= 1UL << Number(list[part].Trim().ToString());
        }
        return bits;
    }
}
