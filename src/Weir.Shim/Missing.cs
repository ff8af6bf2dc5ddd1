using Weir.Shim.Guest;
using Weir.Wire;

namespace Weir.Shim;

/// <summary>
/// Names that the program asked for and Weir does not know. Kept here until there is a session, then in its segment, where the
/// worker finds them for <c>weir doctor</c>. What does not fit is left out.
/// </summary>
internal static unsafe class Missing
{
    private static byte* s_area;
    private static int s_lock;

    /// <summary>Note a NUL-terminated name, once.</summary>
    internal static void Add(byte* name)
    {
        var length = GuestLibc.Length(name) + 1;
        if (length > 256)
        {
            return;
        }
        if (Interlocked.CompareExchange(ref s_lock, 1, 0) != 0)
        {
            return; // Another thread notes one just now; a lost count is better than a lock.
        }
        if (s_area == null)
        {
            s_area = GuestLibc.MapZeroed(SegmentLayout.MissingBytes);
        }
        if (s_area != null && !Contains(name, length))
        {
            var used = *(uint*)s_area;
            if (used + length <= SegmentLayout.MissingBytes - 4)
            {
                _ = GuestLibc.Copy(s_area + 4 + used, name, length);
                *(uint*)s_area = used + (uint)length;
            }
        }
        Volatile.Write(ref s_lock, 0);
    }

    /// <summary>From now on names go to the segment.</summary>
    internal static void MoveTo(byte* segment)
    {
        while (Interlocked.CompareExchange(ref s_lock, 1, 0) != 0)
        {
            _ = GuestLibc.Yield();
        }
        var area = segment + SegmentLayout.MissingOffset;
        if (s_area != null)
        {
            _ = GuestLibc.Copy(area, s_area, SegmentLayout.MissingBytes);
            _ = GuestLibc.Unmap(s_area, SegmentLayout.MissingBytes);
        }
        s_area = area;
        Volatile.Write(ref s_lock, 0);
    }

    private static bool Contains(byte* name, nuint length)
    {
        var used = *(uint*)s_area;
        for (uint at = 0; at < used; )
        {
            var known = s_area + 4 + at;
            var knownLength = GuestLibc.Length(known) + 1;
            if (knownLength == length && GuestLibc.Compare(known, name, length) == 0)
            {
                return true;
            }
            at += (uint)knownLength;
        }
        return false;
    }
}
