using System.Text;
using Weir.Api;
using Weir.Wire;

namespace Weir.Worker.Sessions;

/// <summary>
/// What the program asked for and Weir does not have, as the client noted it in the segment. Client-written: bounded and
/// checked here.
/// </summary>
internal static unsafe class MissingCalls
{
    private const int MaxNameBytes = 128;

    /// <summary>Calls that are refused, by name, with how often they were made.</summary>
    public static Dictionary<string, long> Refused(Session session)
    {
        Dictionary<string, long> counts = [];
        uint* words = SegmentLayout.Refused(session.Segment);
        for (int i = 0; i < SegmentLayout.RefusedCount; i++)
        {
            uint count = words[i];
            if (count != 0 && i < ExportTable.Count)
            {
                counts[ExportTable.Name(i)] = count;
            }
        }
        return counts;
    }

    /// <summary>Names asked of cuGetProcAddress that are not known, with how often.</summary>
    public static Dictionary<string, long> Unknown(Session session)
    {
        Dictionary<string, long> counts = [];
        byte* area = session.Segment + SegmentLayout.MissingOffset;
        int used = (int)Math.Min(*(uint*)area, SegmentLayout.MissingBytes - sizeof(uint));
        byte[] names = new ReadOnlySpan<byte>(area + sizeof(uint), used).ToArray();
        foreach (string name in Encoding.UTF8.GetString(names).Split('\0', StringSplitOptions.RemoveEmptyEntries))
        {
            string clean = new([.. name.Take(MaxNameBytes).Where(c => c is > ' ' and < '\u007f')]);
            counts[clean] = counts.GetValueOrDefault(clean) + 1;
        }
        return counts;
    }
}
