using System.Runtime.InteropServices;

namespace Weir.Wire;

/// <summary>
/// Shared by all workers of one device of a node: who wants its cores, and how much of them each has had. A file of zeros is a
/// valid one that nobody uses. A worker owns a slot by a record lock (fcntl) on the byte of the slot's number, which the kernel
/// takes away when the process ends, however it ends; it writes only its own slot, and <see cref="Clock"/> forwards. Nothing in it
/// is ever held, so nothing can be left behind.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = DevicePage.SlotBytes)]
internal unsafe struct DevicePage
{
    /// <summary>Most sessions on one device.</summary>
    internal const int Slots = 255;

    /// <summary>Size of a slot and of this header.</summary>
    internal const int SlotBytes = 128;

    /// <summary>Size of the page.</summary>
    internal const int Bytes = SlotBytes * (Slots + 1);

    /// <summary>Virtual time that all who want cores have reached; whoever comes back starts near it.</summary>
    [FieldOffset(0)]
    internal ulong Clock;

    /// <summary>Slots below this number may be in use.</summary>
    [FieldOffset(8)]
    internal int High;

    /// <summary>Counted up when room in the device's memory is given back; sleepers wait on it (futex).</summary>
    [FieldOffset(12)]
    internal uint RoomGiven;

    /// <summary>Sessions that sleep on <see cref="RoomGiven"/>.</summary>
    [FieldOffset(16)]
    internal int RoomWaiters;

    /// <summary>A session's slot, 0 to <see cref="Slots"/> − 1.</summary>
    internal static DeviceSlot* Slot(DevicePage* page, int index) =>
        (DeviceSlot*)((byte*)page + (index + 1) * SlotBytes);
}

/// <summary>One session's part of the device, as its worker writes it.</summary>
[StructLayout(LayoutKind.Explicit, Size = DevicePage.SlotBytes)]
internal struct DeviceSlot
{
    /// <summary>Sessions of the same account (a lease) have its share together; 0 = nobody has the slot.</summary>
    [FieldOffset(0)]
    internal ulong Account;

    /// <summary>Promised share of the device, percent.</summary>
    [FieldOffset(8)]
    internal int Share;

    /// <summary>Processor time received, nanoseconds, scaled by 100 / share.</summary>
    [FieldOffset(16)]
    internal ulong Virtual;

    /// <summary>Processor time received, nanoseconds.</summary>
    [FieldOffset(24)]
    internal ulong UsedNanoseconds;

    /// <summary>Threads that have work for a core, those on one included.</summary>
    [FieldOffset(32)]
    internal int Wanting;

    /// <summary>Threads that are on a core.</summary>
    [FieldOffset(36)]
    internal int Running;

    /// <summary>When the worker last looked whose turn it is; nanoseconds of the monotonic clock.</summary>
    [FieldOffset(40)]
    internal long Beat;

    /// <summary>Until then <see cref="LingerCores"/> count as wanted and used: pieces of work follow each other closely.</summary>
    [FieldOffset(48)]
    internal long LingersUntil;

    /// <summary>Cores that the last piece of work had.</summary>
    [FieldOffset(60)]
    internal int LingerCores;

    /// <summary>Threads that sleep on <see cref="Wake"/>.</summary>
    [FieldOffset(56)]
    internal int Waiting;

    /// <summary>Futex word, counted up by whoever wakes them.</summary>
    [FieldOffset(64)]
    internal uint Wake;

    /// <summary>Threads that wait for memory: the session uses no cores meanwhile.</summary>
    [FieldOffset(68)]
    internal int Stalled;

    /// <summary>Bytes of the device's memory that the session holds.</summary>
    [FieldOffset(72)]
    internal ulong Resident;

    /// <summary>Bytes of it that another session asks for; the owner takes it back to 0 when it serves them.</summary>
    [FieldOffset(80)]
    internal ulong Asked;

    /// <summary>Futex word, counted up by whoever asks.</summary>
    [FieldOffset(88)]
    internal uint AskWake;

    /// <summary>What moving a chunk of 2 MiB off the device and back costs here, nanoseconds.</summary>
    [FieldOffset(92)]
    internal uint SwapNanoseconds;

    /// <summary>Since when the session holds memory without having been asked for it; nanoseconds of the monotonic clock; 0: it holds none.</summary>
    [FieldOffset(96)]
    internal long HeldSince;

    /// <summary>When it last began or ended work; nanoseconds of the monotonic clock.</summary>
    [FieldOffset(104)]
    internal long UsedAt;

    /// <summary>1: memory was last taken from it while it worked, because its time was over; 0: in a pause.</summary>
    [FieldOffset(112)]
    internal uint WasCut;
}
