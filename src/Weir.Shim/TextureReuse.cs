using Weir.Api;
using Weir.Shim.Guest;

namespace Weir.Shim;

/// <summary>
/// Texture objects that the program has destroyed and the device still has. Programs make the same objects anew for every
/// frame, and a new one is awaited, because its number is the device's own and travels inside kernels' arguments: so an
/// identical one is given out again instead. Whatever could make a descriptor mean something else (memory freed or
/// unmapped, an array or a context destroyed) ends them all first.
/// </summary>
internal static unsafe class TextureReuse
{
    private const int Capacity = 64;

    private static GuestLock s_lock;
    private static Table s_table;
    private static uint s_retirements;

    private enum EntryState
    {
        Unused,
        Live,
        Retired,
    }

    private struct Entry
    {
        internal EntryState State;

        /// <summary>When it was retired; the oldest goes first.</summary>
        internal uint Retirement;
        internal ulong Handle;
        internal ulong Context;
        internal CUDA_RESOURCE_DESC Resource;
        internal CUDA_TEXTURE_DESC Texture;
    }

    [System.Runtime.CompilerServices.InlineArray(Capacity)]
    private struct Table
    {
        private Entry _first;
    }

    /// <summary>Gives out a destroyed object with the same descriptors; 0 when there is none.</summary>
    internal static ulong Take(ulong context, CUDA_RESOURCE_DESC* resource, CUDA_TEXTURE_DESC* texture)
    {
        ulong handle = 0;
        s_lock.Enter();
        for (var i = 0; i < Capacity && handle == 0; i++)
        {
            ref var entry = ref s_table[i];
            if (entry.State != EntryState.Retired || entry.Context != context)
            {
                continue;
            }
            fixed (Entry* known = &entry)
            {
                if (
                    AreEqual(&known->Resource, resource, sizeof(CUDA_RESOURCE_DESC))
                    && AreEqual(&known->Texture, texture, sizeof(CUDA_TEXTURE_DESC))
                )
                {
                    entry.State = EntryState.Live;
                    handle = entry.Handle;
                }
            }
        }
        s_lock.Leave();
        return handle;
    }

    /// <summary>Remembers what a new object was made from. Without room it is not remembered, and not given out again.</summary>
    internal static void Track(ulong handle, ulong context, CUDA_RESOURCE_DESC* resource, CUDA_TEXTURE_DESC* texture)
    {
        s_lock.Enter();
        var free = Find(EntryState.Unused, 0, 0);
        if (free >= 0)
        {
            s_table[free].State = EntryState.Live;
            s_table[free].Handle = handle;
            s_table[free].Context = context;
            s_table[free].Resource = *resource;
            s_table[free].Texture = *texture;
        }
        s_lock.Leave();
    }

    /// <summary>
    /// Keeps an object that the program destroys. False when it is not known here and must be destroyed;
    /// <paramref name="ended"/> is another that must be destroyed in its place, or 0.
    /// </summary>
    internal static bool TryRetire(ulong handle, ulong context, out ulong ended)
    {
        ended = 0;
        s_lock.Enter();
        var live = Find(EntryState.Live, handle, context);
        if (live >= 0)
        {
            s_table[live].State = EntryState.Retired;
            s_table[live].Retirement = s_retirements++;
            // Room is kept for live ones, which may be retired later.
            ended = CountRetired(out var oldest) > Capacity / 2 ? s_table[oldest].Handle : 0;
            if (ended != 0)
            {
                s_table[oldest].State = EntryState.Unused;
            }
        }
        s_lock.Leave();
        return live >= 0;
    }

    /// <summary>Ends all: destroys those that the program has destroyed, and gives none of the others out again.</summary>
    internal static void Forget(ClientThread* thread)
    {
        s_lock.Enter();
        for (var i = 0; i < Capacity; i++)
        {
            // In its own context, by which a session with several devices knows whose object it is.
            if (s_table[i].State == EntryState.Retired && thread->Push(s_table[i].Context))
            {
                _ = WireCalls.TexObjectDestroy(thread, s_table[i].Handle);
                _ = thread->Pop();
            }
            s_table[i].State = EntryState.Unused;
        }
        s_lock.Leave();
    }

    private static int Find(EntryState state, ulong handle, ulong context)
    {
        for (var i = 0; i < Capacity; i++)
        {
            if (
                s_table[i].State == state
                && (state == EntryState.Unused || (s_table[i].Handle == handle && s_table[i].Context == context))
            )
            {
                return i;
            }
        }
        return -1;
    }

    private static int CountRetired(out int oldest)
    {
        var count = 0;
        oldest = -1;
        for (var i = 0; i < Capacity; i++)
        {
            if (s_table[i].State == EntryState.Retired)
            {
                count++;
                // The counter may wrap: ages are differences.
                if (oldest < 0 || s_retirements - s_table[i].Retirement > s_retirements - s_table[oldest].Retirement)
                {
                    oldest = i;
                }
            }
        }
        return count;
    }

    private static bool AreEqual(void* one, void* other, int bytes)
    {
        for (var i = 0; i < bytes / 8; i++)
        {
            if (((ulong*)one)[i] != ((ulong*)other)[i])
            {
                return false;
            }
        }
        return true;
    }
}
