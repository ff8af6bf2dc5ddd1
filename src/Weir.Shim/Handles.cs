using System.Runtime.CompilerServices;
using Weir.Api;
using Weir.Shim.Guest;
using Weir.Wire;

namespace Weir.Shim;

/// <summary>
/// The handles of the process: minted here, so that creation need not wait for an answer. One table per kind, an entry per
/// index with its generation; freed entries form a lock-free stack. Each entry can carry a pointer of the shim's own (a
/// function's parameter layout, a context's device).
/// </summary>
internal static unsafe class Handles
{
    private const int KindCount = 32;

    /// <summary>Live objects of a kind at most.</summary>
    private const uint EntriesPerKind = 1 << 20;

    private const int HeadBytes = 64;

    /// <summary>Per kind: u64 top of the free stack (tag and index), u32 entries ever used, at <see cref="HeadBytes"/> intervals.</summary>
    private static byte* s_heads;

    private static Entry* s_entries;

    private struct Entry
    {
        /// <summary>Generation × 2 + live.</summary>
        internal uint State;

        /// <summary>Next free entry.</summary>
        internal uint Next;
        internal ulong Data;
    }

    /// <summary>Reserve the tables (512 MiB of addresses, touched as used).</summary>
    internal static bool TryPrepare()
    {
        s_heads = GuestLibc.MapZeroed(KindCount * HeadBytes);
        s_entries = (Entry*)GuestLibc.MapZeroed((nuint)KindCount * EntriesPerKind * (nuint)sizeof(Entry));
        return s_heads != null && s_entries != null;
    }

    /// <summary>A new handle; 0 when there are too many.</summary>
    internal static nint Mint(HandleKind kind)
    {
        var head = s_heads + (int)kind * HeadBytes;
        var entries = s_entries + (nuint)kind * EntriesPerKind;
        uint index;
        while (true)
        {
            var top = Volatile.Read(ref *(ulong*)head);
            index = (uint)top;
            if (index == 0)
            {
                // Index 0 is never given out: it ends the free stack.
                index = Interlocked.Increment(ref *(uint*)(head + 8));
                if (index >= EntriesPerKind)
                {
                    Interlocked.Decrement(ref *(uint*)(head + 8));
                    return 0;
                }
                break;
            }
            var next = (((top >> 32) + 1) << 32) | entries[index].Next;
            if (Interlocked.CompareExchange(ref *(ulong*)head, next, top) == top)
            {
                break;
            }
        }
        var entry = entries + index;
        var generation = (entry->State >> 1) + 1 & 0xFFF;
        entry->Data = 0;
        Volatile.Write(ref entry->State, generation << 1 | 1);
        return (nint)Handle.Pack(index, generation, (uint)kind, 0);
    }

    /// <summary>Was this handle minted, and not released since?</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool IsLive(HandleKind kind, nint handle)
    {
        var value = (ulong)handle;
        var index = Handle.Index(value);
        return Handle.IsWellFormed(value, (uint)kind)
            && index < EntriesPerKind
            && s_entries != null
            && s_entries[(nuint)kind * EntriesPerKind + index].State == (Handle.Generation(value) << 1 | 1);
    }

    /// <summary>The handle is dead; its entry is used again, with another generation. Does nothing for a dead handle.</summary>
    internal static void Release(HandleKind kind, nint handle)
    {
        if (!IsLive(kind, handle))
        {
            return;
        }
        var head = s_heads + (int)kind * HeadBytes;
        var entries = s_entries + (nuint)kind * EntriesPerKind;
        var index = Handle.Index((ulong)handle);
        var live = Handle.Generation((ulong)handle) << 1 | 1;
        if (Interlocked.CompareExchange(ref entries[index].State, live & ~1u, live) != live)
        {
            return;
        }
        while (true)
        {
            var top = Volatile.Read(ref *(ulong*)head);
            entries[index].Next = (uint)top;
            if (Interlocked.CompareExchange(ref *(ulong*)head, (((top >> 32) + 1) << 32) | index, top) == top)
            {
                return;
            }
        }
    }

    /// <summary>The pointer or number kept with a live handle.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ulong* Data(HandleKind kind, nint handle) =>
        &s_entries[(nuint)kind * EntriesPerKind + Handle.Index((ulong)handle)].Data;

    /// <summary>Walk the live handles of a kind: the next one after <paramref name="index"/>, or 0.</summary>
    internal static nint Next(HandleKind kind, ref uint index)
    {
        var used = Volatile.Read(ref *(uint*)(s_heads + (int)kind * HeadBytes + 8));
        var entries = s_entries + (nuint)kind * EntriesPerKind;
        while (++index <= used && index < EntriesPerKind)
        {
            var state = Volatile.Read(ref entries[index].State);
            if ((state & 1) != 0)
            {
                return (nint)Handle.Pack(index, state >> 1, (uint)kind, 0);
            }
        }
        return 0;
    }
}
