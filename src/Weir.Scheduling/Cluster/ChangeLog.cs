namespace Weir.Scheduling.Cluster;

/// <summary>
/// Which nodes changed, in order, as a ring. Whoever keeps figures per node remembers how far it has read and looks
/// only at what came after.
/// </summary>
internal sealed class ChangeLog
{
    private readonly int[] ring;
    private readonly int mask;
    private readonly long[] last;

    public ChangeLog(int nodes)
    {
        ring = new int[System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(16, nodes))];
        mask = ring.Length - 1;
        last = new long[nodes];
        Array.Fill(last, -1);
    }

    /// <summary>Changes so far.</summary>
    public long Position { get; private set; }

    public void Add(int node)
    {
        ring[(int)(Position & mask)] = node;
        last[node] = Position++;
    }

    /// <summary>True when the changes since a position are still there.</summary>
    public bool Reaches(long position) => Position - position <= ring.Length;

    /// <summary>The node changed at a position; -1 when it changed again later, so that each is looked at once.</summary>
    public int At(long position)
    {
        int node = ring[(int)(position & mask)];
        return last[node] == position ? node : -1;
    }
}
