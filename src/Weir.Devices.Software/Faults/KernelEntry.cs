using System.Runtime.InteropServices;
using Weir.Devices.Software.Native;
using Weir.Kernels.Abi;

namespace Weir.Devices.Software.Faults;

/// <summary>
/// The way into generated code. Explicit checks in that code are the first net; this is the second: a SIGSEGV, SIGBUS or
/// SIGFPE inside a kernel ends the call with a fault instead of the process. Faults elsewhere reach the handler that was
/// installed before (the runtime's, which turns its own into exceptions).
/// </summary>
internal sealed unsafe class KernelEntry
{
    private const int MaxThreads = 1024;
    private const int SaSigInfo = 4;
    private const int SaOnStack = 0x0800_0000;

    private static readonly Lazy<KernelEntry> Instance = new(() => new KernelEntry());

    private readonly Lock gate = new();
    private readonly Table* table;

    private KernelEntry()
    {
        byte* code = (byte*)
            LibC.Map(0, 4096, LibC.ProtRead | LibC.ProtWrite, LibC.MapPrivate | LibC.MapAnonymous, -1, 0);
        table = (Table*)NativeMemory.AlignedAlloc((nuint)(sizeof(Table) + MaxThreads * sizeof(Entry)), 64);
        NativeMemory.Clear(table, (nuint)(sizeof(Table) + MaxThreads * sizeof(Entry)));
        EntryCode.Bytes.CopyTo(new Span<byte>(code, 4096));
        *(Table**)(code + EntryCode.TableOperand) = table;
        if (LibC.Protect((nint)code, 4096, LibC.ProtRead | LibC.ProtExec) != 0)
        {
            throw new InvalidOperationException("the system refuses executable memory");
        }
        table->ResetSignal = NativeLibrary.GetExport(NativeLibrary.Load("libc.so.6"), "signal");
        table->Recover = (nint)(code + EntryCode.Recover);
        Address = (nint)(code + EntryCode.Enter);
        Install(LibC.SigSegv, (nint)(code + EntryCode.Handler), &table->OldSegv);
        Install(LibC.SigBus, (nint)(code + EntryCode.Handler), &table->OldBus);
        Install(LibC.SigFpe, (nint)(code + EntryCode.Handler), &table->OldFpe);
    }

    /// <summary>The one instance; the first use installs the handlers.</summary>
    public static KernelEntry Shared => Instance.Value;

    /// <summary>Address of <c>uint32_t enter(launch, thread, first, end, function)</c>.</summary>
    public nint Address { get; }

    /// <summary>Makes faults of a thread record known to the handler.</summary>
    /// <returns>Number for <see cref="Bind"/> and <see cref="Unregister"/>.</returns>
    public int Register(KernelThread* thread)
    {
        lock (gate)
        {
            Entry* entries = (Entry*)(table + 1);
            int index = 0;
            while (index < table->Count && entries[index].Thread is not null)
            {
                index++;
            }
            if (index == MaxThreads)
            {
                throw new InvalidOperationException($"more than {MaxThreads} kernel threads in one process");
            }
            entries[index].ThreadId = 0;
            entries[index].Thread = thread;
            if (index == table->Count)
            {
                Volatile.Write(ref table->Count, index + 1);
            }
            return index;
        }
    }

    /// <summary>Says which operating-system thread uses the record from now on.</summary>
    public void Bind(int index, int threadId) => Volatile.Write(ref ((Entry*)(table + 1))[index].ThreadId, threadId);

    /// <summary>Forgets a record.</summary>
    public void Unregister(int index)
    {
        lock (gate)
        {
            Entry* entry = (Entry*)(table + 1) + index;
            Volatile.Write(ref entry->ThreadId, 0);
            entry->Thread = null;
        }
    }

    private static void Install(int signal, nint handler, nint* old)
    {
        SignalAction before;
        if (LibC.SigAction(signal, null, &before) != 0)
        {
            throw new InvalidOperationException($"cannot read the handler of signal {signal}");
        }
        *old = before.Handler;
        SignalAction action = before;
        action.Handler = handler;
        action.Flags |= SaSigInfo | SaOnStack;
        if (LibC.SigAction(signal, &action, null) != 0)
        {
            throw new InvalidOperationException($"cannot install a handler for signal {signal}");
        }
    }

    // Offsets are written into EntryCode: change them together.
    [StructLayout(LayoutKind.Explicit, Size = 64)]
    private struct Table
    {
        [FieldOffset(0)]
        public int Count;

        [FieldOffset(8)]
        public nint ResetSignal;

        [FieldOffset(16)]
        public nint Recover;

        [FieldOffset(24)]
        public nint OldSegv;

        [FieldOffset(32)]
        public nint OldBus;

        [FieldOffset(40)]
        public nint OldFpe;
    }

    [StructLayout(LayoutKind.Explicit, Size = 16)]
    private struct Entry
    {
        [FieldOffset(0)]
        public KernelThread* Thread;

        [FieldOffset(8)]
        public int ThreadId;
    }
}
