namespace Weir.Estimates;

/// <summary>Memory of common cards, as their drivers report it, for when no pool is asked.</summary>
public static class CardMemory
{
    /// <summary>Name and bytes, smallest first. Source: nvidia-smi's totals, MiB.</summary>
    public static IReadOnlyList<(string Name, long Bytes)> Cards { get; } =
    [
        ("T4", 15360L << 20),
        ("V100 16GB", 16384L << 20),
        ("L4", 23034L << 20),
        ("RTX 4090", 24564L << 20),
        ("A100 40GB", 40960L << 20),
        ("L40S", 46068L << 20),
        ("H100 80GB", 81559L << 20),
        ("A100 80GB", 81920L << 20),
        ("H200", 143771L << 20),
    ];
}
