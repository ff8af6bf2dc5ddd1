using System.Numerics;

namespace Weir.Scheduling;

/// <summary>
/// Random numbers that depend on the seed alone, on every machine and runtime: xoshiro256** (Blackman and Vigna),
/// its state filled by SplitMix64.
/// </summary>
public sealed class SeededRandom
{
    private ulong a;
    private ulong b;
    private ulong c;
    private ulong d;

    /// <summary>A generator; equal seeds give equal sequences.</summary>
    public SeededRandom(ulong seed)
    {
        a = Mix(ref seed);
        b = Mix(ref seed);
        c = Mix(ref seed);
        d = Mix(ref seed);
    }

    /// <summary>64 random bits.</summary>
    public ulong NextBits()
    {
        ulong result = BitOperations.RotateLeft(b * 5, 7) * 9;
        ulong t = b << 17;
        c ^= a;
        d ^= b;
        b ^= c;
        a ^= d;
        c ^= t;
        d = BitOperations.RotateLeft(d, 45);
        return result;
    }

    /// <summary>Uniform over 0 … <paramref name="bound"/> - 1; <paramref name="bound"/> is at least 1.</summary>
    public int Next(int bound)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bound, 1);
        // Lemire's method: the rare draws that would favour some values are thrown away.
        ulong product = (ulong)(uint)NextBits() * (uint)bound;
        if ((uint)product < (uint)bound)
        {
            uint floor = (uint)(-bound) % (uint)bound;
            while ((uint)product < floor)
            {
                product = (ulong)(uint)NextBits() * (uint)bound;
            }
        }
        return (int)(product >> 32);
    }

    /// <summary>Uniform over [0, 1).</summary>
    public double NextDouble() => (NextBits() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Exponentially distributed with the given mean.</summary>
    public double NextExponential(double mean) => -mean * Math.Log(1 - NextDouble());

    /// <summary>Normally distributed (Box and Muller), mean 0, standard deviation 1.</summary>
    public double NextNormal()
    {
        double radius = Math.Sqrt(-2 * Math.Log(1 - NextDouble()));
        return radius * Math.Cos(2 * Math.PI * NextDouble());
    }

    /// <summary>Puts the values into a uniformly random order (Fisher and Yates).</summary>
    public void Shuffle<T>(Span<T> values)
    {
        for (int i = values.Length - 1; i > 0; i--)
        {
            int j = Next(i + 1);
            (values[i], values[j]) = (values[j], values[i]);
        }
    }

    private static ulong Mix(ref ulong state)
    {
        state += 0x9E3779B97F4A7C15;
        ulong z = state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
