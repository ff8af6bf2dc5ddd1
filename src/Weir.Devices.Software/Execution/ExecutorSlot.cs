using System.Runtime.InteropServices;
using Weir.Devices.Software.Faults;
using Weir.Devices.Software.Native;
using Weir.Kernels.Abi;

namespace Weir.Devices.Software.Execution;

/// <summary>
/// The right to run blocks on one core: a device has as many slots as it uses cores, so that threads that help while
/// they wait do not add to the load. Holds the buffers that kernels work in; they grow and are reused.
/// </summary>
internal sealed unsafe class ExecutorSlot : IDisposable
{
    private const nuint Alignment = 64;

    [ThreadStatic]
    private static int ownThreadId;

    private readonly KernelEntry entry = KernelEntry.Shared;
    private readonly nint enter;
    private readonly KernelThread* thread;
    private readonly int registration;
    private int inUse;
    private int boundThreadId;
    private nuint sharedCapacity;
    private nuint scratchCapacity;
    private nuint watchedCapacity;

    /// <param name="index">Number among the device's slots; what kernels read as %smid.</param>
    public ExecutorSlot(int index)
    {
        thread = (KernelThread*)NativeMemory.AlignedAlloc((nuint)sizeof(KernelThread), Alignment);
        *thread = default;
        thread->Processor = (uint)index;
        thread->Counters = (ulong*)NativeMemory.AllocZeroed((nuint)KernelCounter.Count, sizeof(ulong));
        Inline = (KernelLaunch*)NativeMemory.AlignedAlloc(InlineBytes, Alignment);
        enter = entry.Address;
        registration = entry.Register(thread);
    }

    /// <summary>
    /// Size of what <see cref="Inline"/> points at: a launch record, its parameters, and what vector code may read past them.
    /// </summary>
    public const nuint InlineBytes = 128 + MaxInlineParameterBytes + Alignment;

    /// <summary>Largest parameter block of a launch that runs at once.</summary>
    public const int MaxInlineParameterBytes = 4096;

    /// <summary>Room for the launch record and the parameters of a launch that runs at once.</summary>
    public KernelLaunch* Inline { get; }

    /// <summary>Fault of the last call that returned one.</summary>
    public ref readonly KernelThread Thread => ref *thread;

    /// <summary>What profiled code has counted on this slot; whoever holds it takes them.</summary>
    public Span<long> Counters => new(thread->Counters, (int)KernelCounter.Count);

    /// <summary>Nanoseconds spent running blocks and copies.</summary>
    public long BusyNanoseconds { get; set; }

    /// <summary>The part of <see cref="BusyNanoseconds"/> that went into copies and fills.</summary>
    public long CopyNanoseconds { get; set; }

    /// <summary>Nanoseconds that whoever had it waited for a core that other sessions had.</summary>
    public long WaitNanoseconds { get; set; }

    /// <summary>Counts work of that length.</summary>
    public void Count(long nanoseconds, bool isCopy)
    {
        BusyNanoseconds += nanoseconds;
        if (isCopy)
        {
            CopyNanoseconds += nanoseconds;
        }
    }

    /// <summary>Takes the slot when it is free.</summary>
    public bool TryTake() => Volatile.Read(ref inUse) == 0 && Interlocked.CompareExchange(ref inUse, 1, 0) == 0;

    /// <summary>True while nobody has it.</summary>
    public bool IsFree => Volatile.Read(ref inUse) == 0;

    /// <summary>Gives the slot back.</summary>
    public void Release() => Volatile.Write(ref inUse, 0);

    /// <summary>Runs blocks [<paramref name="first"/>, <paramref name="end"/>) of a launch on the calling thread.</summary>
    public KernelFault Call(LoadedKernel kernel, KernelLaunch* launch, ulong first, ulong end)
    {
        nuint sharedBytes = kernel.SharedBytes(launch->DynamicSharedBytes);
        nuint scratchBytes = (nuint)
            kernel.Info.ScratchBytes((int)launch->BlockX, (int)launch->BlockY, (int)launch->BlockZ);
        if (sharedBytes > sharedCapacity)
        {
            thread->Shared = Grow(thread->Shared, ref sharedCapacity, sharedBytes);
        }
        if (scratchBytes > scratchCapacity)
        {
            thread->Scratch = Grow(thread->Scratch, ref scratchCapacity, scratchBytes);
        }
        if (launch->Shadow is not null && sharedBytes > watchedCapacity)
        {
            NativeMemory.Free(thread->SharedWrites);
            NativeMemory.Free(thread->SharedReads);
            watchedCapacity = sharedBytes;
            thread->SharedWrites = (ulong*)NativeMemory.AllocZeroed(sharedBytes, sizeof(ulong));
            thread->SharedReads = (ulong*)NativeMemory.AllocZeroed(sharedBytes, sizeof(ulong));
        }
        thread->SharedBytes = sharedBytes;
        thread->ScratchBytes = scratchCapacity;
        int threadId = ownThreadId;
        if (threadId == 0)
        {
            ownThreadId = threadId = LibC.ThreadId();
        }
        if (boundThreadId != threadId)
        {
            boundThreadId = threadId;
            entry.Bind(registration, threadId);
        }
        return (KernelFault)
            ((delegate* unmanaged<KernelLaunch*, KernelThread*, ulong, ulong, nint, uint>)enter)(
                launch,
                thread,
                first,
                end,
                kernel.Function
            );
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        entry.Unregister(registration);
        NativeMemory.AlignedFree(thread->Shared);
        NativeMemory.AlignedFree(thread->Scratch);
        NativeMemory.Free(thread->SharedWrites);
        NativeMemory.Free(thread->SharedReads);
        NativeMemory.Free(thread->Counters);
        NativeMemory.AlignedFree(thread);
        NativeMemory.AlignedFree(Inline);
    }

    private static byte* Grow(byte* buffer, ref nuint capacity, nuint sizeBytes)
    {
        NativeMemory.AlignedFree(buffer);
        // Vector code may read up to a whole vector past the last byte.
        capacity = Math.Max(sizeBytes, 4096);
        byte* grown = (byte*)NativeMemory.AlignedAlloc(capacity + Alignment, Alignment);
        NativeMemory.Clear(grown, capacity + Alignment);
        return grown;
    }
}
