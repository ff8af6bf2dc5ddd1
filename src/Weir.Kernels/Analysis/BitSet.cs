using System.Numerics;

namespace Weir.Kernels.Analysis;

/// <summary>A set of small numbers of fixed capacity.</summary>
internal sealed class BitSet(int capacity)
{
    private readonly ulong[] _words = new ulong[(capacity + 63) / 64];

    /// <summary>True when empty.</summary>
    public bool IsEmpty => !_words.AsSpan().ContainsAnyExcept(0UL);

    /// <summary>True when <paramref name="item"/> is in the set.</summary>
    public bool Contains(int item) => (_words[item >> 6] >> (item & 63) & 1) != 0;

    /// <summary>Adds one; true when it was not there.</summary>
    public bool Add(int item)
    {
        ulong bit = 1UL << (item & 63);
        bool added = (_words[item >> 6] & bit) == 0;
        _words[item >> 6] |= bit;
        return added;
    }

    /// <summary>Removes one.</summary>
    public void Remove(int item) => _words[item >> 6] &= ~(1UL << (item & 63));

    /// <summary>Adds all of another; true when something was new.</summary>
    public bool UnionWith(BitSet other)
    {
        ulong changed = 0;
        for (int i = 0; i < _words.Length; i++)
        {
            ulong union = _words[i] | other._words[i];
            changed |= union ^ _words[i];
            _words[i] = union;
        }
        return changed != 0;
    }

    /// <summary>Adds all members of another that are above <paramref name="floor"/>; true when something was new.</summary>
    public bool UnionAbove(BitSet other, int floor)
    {
        ulong changed = 0;
        for (int i = (floor + 1) >> 6; i < _words.Length; i++)
        {
            ulong add = other._words[i];
            if (i == (floor + 1) >> 6)
            {
                add &= ulong.MaxValue << ((floor + 1) & 63);
            }
            ulong union = _words[i] | add;
            changed |= union ^ _words[i];
            _words[i] = union;
        }
        return changed != 0;
    }

    /// <summary>Removes all of another.</summary>
    public void ExceptWith(BitSet other)
    {
        for (int i = 0; i < _words.Length; i++)
        {
            _words[i] &= ~other._words[i];
        }
    }

    /// <summary>An independent copy.</summary>
    public BitSet Copy()
    {
        BitSet copy = new(_words.Length * 64);
        _words.CopyTo(copy._words, 0);
        return copy;
    }

    /// <summary>Members in ascending order.</summary>
    public IEnumerable<int> Items()
    {
        for (int i = 0; i < _words.Length; i++)
        {
            for (ulong word = _words[i]; word != 0; word &= word - 1)
            {
                yield return i * 64 + BitOperations.TrailingZeroCount(word);
            }
        }
    }
}
