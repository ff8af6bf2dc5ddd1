using System.Diagnostics;

namespace Weir.Wire.Tests;

/// <summary>The other process of the ring test: this test program again, as a consumer of one ring.</summary>
internal static unsafe class RingPeer
{
    public const ulong Records = 200_000;
    private const string Variable = "WEIR_WIRE_PEER";

    /// <summary>Start a consumer on the segment behind a descriptor of this process.</summary>
    public static Process Start(int descriptor)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!)
        {
            Environment = { [Variable] = $"/proc/{Environment.ProcessId}/fd/{descriptor}" },
        };
        return Process.Start(start)!;
    }

    /// <summary>True in the other process, after its work.</summary>
    public static bool RunIfAsked()
    {
        var path = Environment.GetEnvironmentVariable(Variable);
        if (path is null)
        {
            return false;
        }
        using var file = File.Open(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        var segment = new Segment((int)file.SafeFileHandle.DangerousGetHandle());
        var reader = new RingReader(segment.Base, 1);
        var copy = stackalloc byte[SegmentLayout.MaxRecordBytes];
        ulong sum = 0;
        for (ulong expected = 1; expected <= Records; )
        {
            switch (reader.TryPeek(out var header))
            {
                case RingPeek.Corrupt:
                    Environment.Exit(2);
                    break;
                case RingPeek.Empty:
                    Thread.Yield();
                    break;
                default:
                    var value = reader.CopyPayload(header, copy).U64();
                    if (value != expected || header.Ticket != expected)
                    {
                        Environment.Exit(3);
                    }
                    sum += value;
                    reader.Advance(header);
                    expected++;
                    break;
            }
        }
        *(ulong*)SegmentLayout.ReplyPayload(reader.Header) = sum;
        Environment.Exit(0);
        return true;
    }
}

/// <summary>Runs before the test program's own start.</summary>
internal static class PeerStart
{
#pragma warning disable CA2255 // The peer must take over before the test runner looks at its arguments.
    [System.Runtime.CompilerServices.ModuleInitializer]
#pragma warning restore CA2255
    internal static void Initialize() => RingPeer.RunIfAsked();
}
