using System.Runtime.InteropServices;
using Weir.Devices.Software.Contexts;
using Weir.Devices.Software.Memory.Residency;
using Weir.Devices.Software.Modules;

namespace Weir.Devices.Software.Memory.Portability;

/// <summary>
/// The memory of a session's software device as something that leaves it and comes back, here or in a worker that comes after: at
/// the same addresses, in pieces, only what changed, and lazily. Calls come from one thread at a time; the program's own work may
/// go on during <see cref="Save"/>, and during nothing else.
/// </summary>
public sealed unsafe class PortableMemory
{
    /// <summary>Size of a piece, and what its address is a multiple of, bytes.</summary>
    public const int PieceBytes = ArenaBacking.ChunkBytes;

    /// <summary>Set in "addresses" that are none: keys of physical memory, which may be mapped in several places or nowhere.</summary>
    public const ulong KeyBit = 1ul << 63;

    private readonly SoftwareDevice device;

    internal PortableMemory(SoftwareDevice device) => this.device = device;

    /// <summary>How written memory is found on this machine.</summary>
    public ChangeMethod Changes => device.Resident.Changes;

    /// <summary>What was moved on and off the device.</summary>
    public ResidencyCounters Counters => device.Resident.Counters;

    /// <summary>Bytes of the session's memory that are on the device.</summary>
    public ulong ResidentBytes => device.Resident.ResidentBytes;

    /// <summary>Bytes of the session's memory that are allocated and not on the device.</summary>
    public ulong AbsentBytes => device.Resident.AbsentBytes;

    /// <summary>
    /// Told, in words, when memory that was to be loaded lazily could not be: whatever touches it fails. On any thread.
    /// </summary>
    public Action<string>? WhenLost
    {
        get => device.Resident.WhenLost;
        set => device.Resident.WhenLost = value;
    }

    /// <summary>All that is allocated, in order of address; physical memory behind the rest.</summary>
    public IReadOnlyList<PortableAllocation> Allocations()
    {
        List<PortableAllocation> all = [];
        foreach (DeviceAllocation one in device.Memory.Snapshot())
        {
            (PortableKind kind, nint owner) = one.Owner switch
            {
                DevicePool pool => (PortableKind.Pooled, pool.Handle),
                DeviceModule module => (PortableKind.Variable, module.Handle),
                DeviceContext context => (one.FreedByAddress ? PortableKind.Plain : PortableKind.Array, context.Handle),
                _ => (PortableKind.Plain, (nint)0),
            };
            all.Add(new PortableAllocation(one.Address, one.SizeBytes, kind, owner));
        }
        all.AddRange(
            device.Virtual.All().Select(one => new PortableAllocation(one.Key, one.SizeBytes, PortableKind.Physical, 0))
        );
        return all;
    }

    /// <summary>
    /// Where memory was placed since the last call, in order: what <see cref="Place"/> takes when the calls that did it are replayed.
    /// The first call begins the recording and is empty.
    /// </summary>
    public ulong[] TakePlaced() => device.Memory.Placements.Take();

    /// <summary>
    /// Has the next allocations placed where they were, in this order; an allocation fails with "out of memory" when its place is
    /// not free. What is not used up is forgotten by the next call.
    /// </summary>
    public void Place(ReadOnlySpan<ulong> addresses) => device.Memory.Placements.Want(addresses);

    /// <summary>The moment for a next save, when memory is now what was saved elsewhere (<see cref="Restore"/> has ended).</summary>
    public ChangeMark Mark() => new(device.Resident.EndEpoch());

    /// <summary>Saves what is not zero and was, or may have been, written since a moment; the program may go on meanwhile.</summary>
    /// <param name="sink">Where it goes.</param>
    /// <param name="since">The mark of an earlier save; null: everything.</param>
    /// <param name="isStill">
    /// The device does nothing, and nobody frees memory until this returns: content need not be copied before the sink sees it.
    /// </param>
    /// <exception cref="IOException">Memory was lost before (<see cref="WhenLost"/>), or the sink could not take it.</exception>
    /// <returns>What was found, with the mark for the next save: what is written while this one goes on is in both.</returns>
    public SavedMemory Save(IPieceSink sink, ChangeMark? since = null, bool isStill = false)
    {
        uint mark = device.Resident.EndEpoch();
        List<ulong> pieces = [];
        int written = 0;
        byte* buffer = (byte*)NativeMemory.AlignedAlloc(PieceBytes, 4096);
        try
        {
            foreach (ulong address in device.Resident.Live())
            {
                int index = device.Resident.IndexOf(address);
                if (device.Resident.Read(index, since?.Epoch ?? 0, mark, buffer, isStill, sink, out bool isWritten))
                {
                    pieces.Add(address);
                    written += isWritten ? 1 : 0;
                }
            }
            foreach (PhysicalMemory memory in device.Virtual.All())
            {
                memory.Save(sink, since?.Epoch ?? 0, mark, buffer, pieces, ref written);
            }
        }
        finally
        {
            NativeMemory.AlignedFree(buffer);
        }
        return new SavedMemory(new ChangeMark(mark), pieces, written);
    }

    /// <summary>
    /// Makes the memory of all live allocations what was saved: they have been made again at their addresses
    /// (<see cref="Place"/>), or never went away. What was not saved is zero. Nothing may run meanwhile.
    /// </summary>
    /// <param name="source">Where it comes from; with <paramref name="isLazy"/> it is asked until <paramref name="whenLoaded"/>.</param>
    /// <param name="pieces"><see cref="SavedMemory.Pieces"/>.</param>
    /// <param name="isLazy">
    /// Returns at once: what is touched comes first, the rest by and by. Where the system does not have what that needs, everything
    /// is loaded before this returns.
    /// </param>
    /// <param name="whenLoaded">Told when nothing more will be asked for, with what went wrong or null; on any thread.</param>
    /// <exception cref="IOException">The source cannot give what it should have.</exception>
    public void Restore(
        IPieceSource source,
        IEnumerable<ulong> pieces,
        bool isLazy,
        Action<Exception?>? whenLoaded = null
    )
    {
        HashSet<ulong> all = [.. pieces];
        byte* buffer = (byte*)NativeMemory.AlignedAlloc(PieceBytes, 4096);
        try
        {
            foreach (PhysicalMemory memory in device.Virtual.All())
            {
                memory.Restore(source, all, buffer);
            }
        }
        finally
        {
            NativeMemory.AlignedFree(buffer);
        }
        Exception? failure = null;
        device.Resident.Restore(
            source,
            all,
            isLazy,
            problem =>
            {
                failure = problem;
                whenLoaded?.Invoke(problem);
            }
        );
        if (!isLazy && failure is not null)
        {
            throw failure;
        }
    }

    /// <summary>
    /// Takes every page off the device and keeps its content in host memory: a touch brings it back. Nothing may run meanwhile.
    /// False when this machine cannot (no userfaultfd), or when there is memory that the program maps itself: then what could not leave has
    /// stayed.
    /// </summary>
    public bool Release() => device.Virtual.All().Length == 0 && device.Resident.ReleaseAll();

    /// <summary>Begins to bring back what is not on the device, in the order of addresses; returns at once.</summary>
    public void Recall() => device.Resident.BringAll();

    /// <summary>
    /// Takes every page off the device and forgets it: it has been saved, and <see cref="Restore"/> comes before the next touch.
    /// </summary>
    public void Discard()
    {
        device.Resident.Discard();
        foreach (PhysicalMemory memory in device.Virtual.All())
        {
            memory.Empty();
        }
    }
}
