using Weir.Shim.Guest;

namespace Weir.Shim;

/// <summary>
/// Host memory that the program registered. Its copies still go through staging, so this only keeps what the API must answer: what is
/// registered, and with which flags. A list in memory of the C library.
/// </summary>
internal static unsafe class RegisteredRanges
{
    private static GuestLock s_lock;
    private static Entry* s_first;

    private struct Entry
    {
        internal Entry* Next;
        internal ulong Address;
        internal ulong Bytes;
        internal uint Flags;
    }

    /// <summary>False when part of it is registered already, or there is no memory.</summary>
    internal static bool TryAdd(ulong address, ulong bytes, uint flags)
    {
        s_lock.Enter();
        var overlaps = false;
        for (var entry = s_first; entry != null; entry = entry->Next)
        {
            overlaps |= address < entry->Address + entry->Bytes && entry->Address < address + bytes;
        }
        var added = overlaps ? null : (Entry*)GuestLibc.Allocate((nuint)sizeof(Entry));
        if (added != null)
        {
            *added = new Entry
            {
                Next = s_first,
                Address = address,
                Bytes = bytes,
                Flags = flags,
            };
            s_first = added;
        }
        s_lock.Leave();
        return added != null;
    }

    internal static bool Remove(ulong address)
    {
        s_lock.Enter();
        Entry* found = null;
        fixed (Entry** first = &s_first)
        {
            for (var link = first; *link != null; link = &(*link)->Next)
            {
                if ((*link)->Address == address)
                {
                    found = *link;
                    *link = found->Next;
                    break;
                }
            }
        }
        s_lock.Leave();
        if (found != null)
        {
            GuestLibc.Free(found);
        }
        return found != null;
    }

    internal static bool TryFlags(ulong address, out uint flags)
    {
        flags = 0;
        var found = false;
        s_lock.Enter();
        for (var entry = s_first; entry != null && !found; entry = entry->Next)
        {
            if (address - entry->Address < entry->Bytes)
            {
                flags = entry->Flags;
                found = true;
            }
        }
        s_lock.Leave();
        return found;
    }
}
