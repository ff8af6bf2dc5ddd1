namespace Weir.Scheduling.Cluster;

/// <summary>Numbers names (device models, pools), so that sets of them are bits. At most 64.</summary>
public sealed class NameTable
{
    private readonly Dictionary<string, int> numbers = new(StringComparer.Ordinal);
    private readonly List<string> names = [];

    /// <summary>Names known so far.</summary>
    public int Count => names.Count;

    /// <summary>The name of a number.</summary>
    public string Name(int number) => names[number];

    /// <summary>The name's number; a new one for a name not seen before.</summary>
    /// <exception cref="ArgumentException">There are already 64 names.</exception>
    public int Number(string name)
    {
        if (!numbers.TryGetValue(name, out int number))
        {
            if (names.Count == 64)
            {
                throw new ArgumentException(
                    $"'{name}' is the 65th device model or pool of the cluster; 64 can be told apart"
                );
            }
            number = names.Count;
            names.Add(name);
            numbers.Add(name, number);
        }
        return number;
    }

    /// <summary>Bits of the names in a list separated by vertical bars; empty: all.</summary>
    /// <remarks>Unknown names are added, so that a later node may bring them.</remarks>
    public ulong Bits(ReadOnlySpan<char> list)
    {
        if (list.IsWhiteSpace())
        {
            return TaskShape.Any;
        }
        ulong bits = 0;
        foreach (Range part in list.Split('|'))
        {
            bits |= 1UL << Number(list[part].Trim().ToString());
        }
        return bits;
    }
}
