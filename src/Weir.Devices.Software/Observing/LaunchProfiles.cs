using System.Diagnostics;
using System.Globalization;
using Weir.Kernels.Abi;

namespace Weir.Devices.Software.Observing;

/// <summary>Gathers what profiled launches did, and when work ran.</summary>
internal sealed class LaunchProfiles
{
    // Spans of a program that launches for hours are cut off: tables go on.
    private const int MostSpans = 500_000;

    private readonly Lock gate = new();
    private readonly long start = Stopwatch.GetTimestamp();
    private readonly Dictionary<string, Entry> kernels = [];
    private readonly List<WorkSpan> spans = [];

    /// <summary>A launch has ended.</summary>
    /// <param name="name">Name of the kernel.</param>
    /// <param name="stream">Number of its stream.</param>
    /// <param name="first">When its first block began (Stopwatch).</param>
    /// <param name="last">When its last block ended (Stopwatch).</param>
    /// <param name="launch">Its shape.</param>
    /// <param name="counters">By <see cref="KernelCounter"/>.</param>
    public void Add(
        string name,
        long stream,
        long first,
        long last,
        in KernelLaunch launch,
        ReadOnlySpan<long> counters
    )
    {
        long nanoseconds = Nanoseconds(last - first);
        string shape = string.Create(
            CultureInfo.InvariantCulture,
            $"<<<{launch.GridX}x{launch.GridY}x{launch.GridZ}, {launch.BlockX}x{launch.BlockY}x{launch.BlockZ}>>>"
        );
        long blocks = (long)launch.GridX * launch.GridY * launch.GridZ;
        lock (gate)
        {
            if (!kernels.TryGetValue(name, out Entry? entry))
            {
                kernels[name] = entry = new Entry();
            }
            entry.Launches++;
            entry.Nanoseconds += nanoseconds;
            entry.Longest = Math.Max(entry.Longest, nanoseconds);
            entry.Blocks += blocks;
            entry.Threads += blocks * launch.BlockX * launch.BlockY * launch.BlockZ;
            for (int i = 0; i < counters.Length; i++)
            {
                entry.Counters[i] += counters[i];
            }
            Keep(new WorkSpan(name, stream, Nanoseconds(first - start), nanoseconds, shape));
        }
    }

    /// <summary>Other work of a stream has ended.</summary>
    public void Add(string name, long stream, long first, long last, string detail)
    {
        lock (gate)
        {
            Keep(new WorkSpan(name, stream, Nanoseconds(first - start), Nanoseconds(last - first), detail));
        }
    }

    /// <summary>The kernels, those that took longest first, and the spans in the order in which they ended.</summary>
    public (IReadOnlyList<KernelProfile> Kernels, IReadOnlyList<WorkSpan> Spans) All()
    {
        lock (gate)
        {
            return (
                [
                    .. kernels
                        .OrderByDescending(pair => pair.Value.Nanoseconds)
                        .Select(pair => new KernelProfile(
                            pair.Key,
                            pair.Value.Launches,
                            pair.Value.Nanoseconds,
                            pair.Value.Longest,
                            pair.Value.Blocks,
                            pair.Value.Threads,
                            [.. pair.Value.Counters]
                        )),
                ],
                [.. spans]
            );
        }
    }

    private void Keep(WorkSpan span)
    {
        if (spans.Count < MostSpans)
        {
            spans.Add(span);
        }
    }

    private static long Nanoseconds(long ticks) => (long)(ticks * (1e9 / Stopwatch.Frequency));

    private sealed class Entry
    {
        public long Launches;
        public long Nanoseconds;
        public long Longest;
        public long Blocks;
        public long Threads;
        public readonly long[] Counters = new long[(int)KernelCounter.Count];
    }
}
