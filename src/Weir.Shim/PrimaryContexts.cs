using System.Runtime.CompilerServices;
using Weir.Api;
using Weir.Shim.Guest;
using Weir.Wire;

namespace Weir.Shim;

/// <summary>The primary context of each device: one handle while it is retained, counted here.</summary>
internal static unsafe class PrimaryContexts
{
    private static GuestLock s_lock;
    private static Table s_table;

    private struct Slot
    {
        internal nint Context;
        internal int References;
        internal uint Flags;
    }

    [InlineArray(SnapshotHeader.MaxDevices)]
    private struct Table
    {
        private Slot _first;
    }

    /// <summary>Add a reference; the first one creates the context.</summary>
    internal static CuResult Retain(ClientThread* thread, nint* context, int device)
    {
        s_lock.Enter();
        ref var slot = ref s_table[device];
        var result = CuResult.Success;
        if (slot.References == 0)
        {
            nint made;
            result = WireCalls.DevicePrimaryCtxRetain(thread, &made, device);
            if (result == CuResult.Success)
            {
                slot.Context = made;
                Contexts.Set(made, device, slot.Flags);
            }
        }
        if (result == CuResult.Success)
        {
            slot.References++;
            *context = slot.Context;
        }
        s_lock.Leave();
        return result;
    }

    /// <summary>Drop a reference; the last one ends the context.</summary>
    internal static CuResult Release(ClientThread* thread, int device)
    {
        s_lock.Enter();
        ref var slot = ref s_table[device];
        var result = CuResult.InvalidContext;
        if (slot.References > 0)
        {
            result = CuResult.Success;
            if (--slot.References == 0)
            {
                TextureReuse.Forget(thread);
                result = WireCalls.DevicePrimaryCtxRelease(thread, device);
                End(ref slot);
            }
        }
        s_lock.Leave();
        return result;
    }

    /// <summary>End the context whatever the count is.</summary>
    internal static CuResult Reset(ClientThread* thread, int device)
    {
        s_lock.Enter();
        ref var slot = ref s_table[device];
        var result = CuResult.Success;
        if (slot.Context != 0)
        {
            TextureReuse.Forget(thread);
            result = WireCalls.DevicePrimaryCtxReset(thread, device);
            slot.References = 0;
            End(ref slot);
        }
        s_lock.Leave();
        return result;
    }

    internal static CuResult SetFlags(ClientThread* thread, int device, uint flags)
    {
        s_lock.Enter();
        var result = WireCalls.DevicePrimaryCtxSetFlags(thread, device, flags);
        if (result == CuResult.Success)
        {
            s_table[device].Flags = flags;
            if (s_table[device].Context != 0)
            {
                Contexts.Set(s_table[device].Context, device, flags);
            }
        }
        s_lock.Leave();
        return result;
    }

    /// <summary>Polled often by some programs: no lock, no round trip.</summary>
    internal static void State(int device, uint* flags, int* active)
    {
        *flags = s_table[device].Flags;
        *active = s_table[device].References > 0 ? 1 : 0;
    }

    /// <summary>Is it a primary context? Those cannot be destroyed by handle.</summary>
    internal static bool Contains(nint context)
    {
        for (var i = 0; i < Snapshot.DeviceCount; i++)
        {
            if (s_table[i].Context == context)
            {
                return true;
            }
        }
        return false;
    }

    private static void End(ref Slot slot)
    {
        Handles.Release(HandleKind.Context, slot.Context);
        slot.Context = 0;
    }
}
