using System.Runtime.InteropServices;

namespace Weir.Wire;

/// <summary>
/// Shared by an agent and the workers of one lease's slice of one device: what the slice may use together, and what each
/// session uses. The agent makes it; a worker writes only its own <see cref="LeaseSlot"/>, so that whatever a killed worker
/// held is given back by clearing its slot. A worker that writes elsewhere harms sessions of its own lease only; the agent
/// believes no number of it beyond reports.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = LeasePage.SlotBytes)]
internal unsafe struct LeasePage
{
    internal const ulong ExpectedMagic = 0x4547_4150_5249_4557; // "WEIRPAGE" read as bytes

    /// <summary>Most sessions of a lease on one device.</summary>
    internal const int Slots = 255;

    /// <summary>Size of a slot and of this header.</summary>
    internal const int SlotBytes = 128;

    /// <summary>Size of the page.</summary>
    internal const int Bytes = SlotBytes * (Slots + 1);

    [FieldOffset(0)]
    internal ulong Magic;

    /// <summary>Bytes of device memory that all sessions together may hold.</summary>
    [FieldOffset(8)]
    internal ulong QuotaBytes;

    /// <summary>A session's slot, 0 to <see cref="Slots"/> − 1.</summary>
    internal static LeaseSlot* Slot(LeasePage* page, int index) => (LeaseSlot*)((byte*)page + (index + 1) * SlotBytes);

    /// <summary>Bytes that all sessions hold now.</summary>
    internal static ulong Used(LeasePage* page)
    {
        ulong used = 0;
        for (int i = 0; i < Slots; i++)
        {
            used += Volatile.Read(ref Slot(page, i)->UsedBytes);
        }
        return used;
    }
}

/// <summary>What one session uses; counts are written when the agent asks and when the session ends.</summary>
[StructLayout(LayoutKind.Explicit, Size = LeasePage.SlotBytes)]
internal struct LeaseSlot
{
    /// <summary>Device memory held now, bytes; always current.</summary>
    [FieldOffset(0)]
    internal ulong UsedBytes;

    /// <summary>Time that the device worked for the session, nanoseconds.</summary>
    [FieldOffset(8)]
    internal ulong BusyNanoseconds;

    [FieldOffset(16)]
    internal ulong Launches;

    /// <summary>Records that the client sent.</summary>
    [FieldOffset(24)]
    internal ulong Calls;

    [FieldOffset(32)]
    internal ulong BytesToDevice;

    [FieldOffset(40)]
    internal ulong BytesToHost;

    [FieldOffset(48)]
    internal ulong BytesOnDevice;

    /// <summary>The part of <see cref="BusyNanoseconds"/> that went into copies and fills.</summary>
    [FieldOffset(56)]
    internal ulong CopyNanoseconds;

    /// <summary>Time that the session's threads had work and no core, because others had theirs, nanoseconds.</summary>
    [FieldOffset(64)]
    internal ulong WaitNanoseconds;

    /// <summary>Most device memory that was held at a time, bytes; always current.</summary>
    [FieldOffset(72)]
    internal ulong PeakBytes;

    /// <summary>How often the counts were written; a reader of two copies knows the later one by it.</summary>
    [FieldOffset(80)]
    internal ulong Sequence;
}
