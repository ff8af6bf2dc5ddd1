using Weir.Api;
using Weir.Wire;
using Weir.Worker.Portable;

namespace Weir.Worker.Tests.Portable;

/// <summary>What the journal keeps, and what ends with what.</summary>
public unsafe class JournalTests
{
    private static readonly ulong s_context = New(HandleKind.Context, 0);

    [Fact]
    public void Calls_that_leave_nothing_behind_are_not_kept()
    {
        Journal journal = Opened();
        for (int i = 0; i < 1000; i++)
        {
            ulong stream = New(HandleKind.Stream, 1);
            Note(journal, Op.StreamCreate, [stream, 0]);
            Note(journal, Op.MemAlloc, [4096], 0x7000);
            Note(journal, Op.MemFree, [0x7000]);
            Note(journal, Op.StreamDestroy, [stream]);
            Note(journal, Op.CtxSetLimit, [0, (ulong)i]);
        }
        Assert.Equal([Op.CtxCreate, Op.CtxSetLimit], Ops(journal));
        Assert.Equal(999UL, BitConverter.ToUInt64(journal.Entries()[1].Fields, 8));
    }

    [Fact]
    public void A_call_that_failed_leaves_nothing_but_the_end_of_its_handle()
    {
        Journal journal = Opened();
        ulong stream = New(HandleKind.Stream, 1);
        Note(journal, Op.StreamCreate, [stream, 0]);
        Note(journal, Op.MemAlloc, [4096], 0x7000);
        Note(journal, Op.MemAlloc, [4096], 0x8000, isDone: false);
        Note(journal, Op.MemFree, [0x7000], isDone: false);
        Note(journal, Op.StreamDestroy, [stream], isDone: false);
        Assert.Equal([Op.CtxCreate, Op.MemAlloc], Ops(journal));
    }

    [Fact]
    public void What_belongs_to_a_module_ends_with_it_and_all_else_with_the_context()
    {
        Journal journal = Opened();
        ulong module = New(HandleKind.Module, 1);
        ulong function = New(HandleKind.Function, 2);
        Note(journal, Op.LoadModule, [module, 5], image: new byte[100]);
        Note(journal, Op.ModuleGetFunction, [function, module, 0]);
        Note(journal, Op.FuncSetAttribute, [function, 8, 4096]);
        Note(journal, Op.EventCreate, [New(HandleKind.Event, 3), 0]);
        Assert.Equal(5, journal.Count);
        Note(journal, Op.ModuleUnload, [module]);
        Assert.Equal([Op.CtxCreate, Op.EventCreate], Ops(journal));
        Note(journal, Op.CtxDestroy, [s_context]);
        Assert.Empty(Ops(journal));
    }

    [Fact]
    public void A_pool_stays_as_long_as_memory_of_it_does()
    {
        Journal journal = Opened();
        ulong pool = New(HandleKind.MemoryPool, 1);
        Note(journal, Op.MemPoolCreate, [pool, 0, 0]);
        Note(journal, Op.SetPoolAttribute, [pool, 4, 77]);
        Note(journal, Op.DeviceSetMemPool, [0, pool]);
        Note(journal, Op.MemAllocAsync, [4096, 0], 0x7000);
        // Which pool it was must be known even when another is current later.
        Assert.Equal(Op.MemAllocFromPoolAsync, (Op)journal.Entries()[^1].Op);
        Note(journal, Op.MemPoolDestroy, [pool]);
        Assert.Equal([Op.CtxCreate, Op.MemPoolCreate, Op.MemAllocFromPoolAsync], Ops(journal));
        Assert.True(journal.Entries()[1].HasEnded);
        Note(journal, Op.MemFreeAsync, [0x7000, 0]);
        Assert.Equal([Op.CtxCreate], Ops(journal));
    }

    [Fact]
    public void Mapped_memory_lives_while_a_handle_or_a_mapping_does()
    {
        const ulong Size = 2 << 20;
        Journal journal = Opened();
        ulong first = New(HandleKind.PhysicalMemory, 1);
        ulong second = New(HandleKind.PhysicalMemory, 2);
        Note(journal, Op.MemAddressReserve, [4 * Size, 0, 0, 0], 0x40000000);
        Note(journal, Op.MemCreate, [first, Size, 1, 0, 0, 0, 0]);
        Note(journal, Op.MemMap, [0x40000000, Size, 0, first, 0]);
        Note(journal, Op.MemRetainAllocationHandle, [second, 0x40000000 + 5]);
        Note(journal, Op.MemRelease, [first]);
        Note(journal, Op.MemRelease, [second]);
        Assert.Empty(Assert.Single(journal.Virtual.Physical).Handles);
        Note(journal, Op.MemUnmap, [0x40000000, Size]);
        Assert.Empty(journal.Virtual.Physical);
        Assert.Empty(journal.Virtual.Mappings);
        Note(journal, Op.MemAddressFree, [0x40000000, 4 * Size]);
        Assert.Empty(journal.Virtual.Reserved);
    }

    [Fact]
    public void It_comes_back_from_its_bytes_as_it_was()
    {
        Journal journal = Opened();
        ulong pool = New(HandleKind.MemoryPool, 1);
        Note(journal, Op.MemPoolCreate, [pool, 0, 0]);
        Note(journal, Op.MemAllocFromPoolAsync, [4096, pool, 0], 0x7000);
        Note(journal, Op.MemPoolDestroy, [pool]);
        Note(journal, Op.LoadModule, [New(HandleKind.Module, 1), 5], image: [1, 2, 3]);
        List<byte[]> images = [];
        byte[] bytes = JournalCodec.Encode(journal.Entries(), images);
        Journal again = new();
        again.Adopt(JournalCodec.Decode(bytes, images));
        Assert.Equal(bytes, JournalCodec.Encode(again.Entries(), []));
        Note(again, Op.MemFreeAsync, [0x7000, 0]);
        Assert.Equal([Op.CtxCreate, Op.LoadModule], Ops(again));
    }

    private static Journal Opened()
    {
        Journal journal = new();
        Note(journal, Op.CtxCreate, [s_context, 0, 0], context: 0);
        return journal;
    }

    private static Op[] Ops(Journal journal) => [.. journal.Entries().Select(entry => (Op)entry.Op)];

    private static ulong New(HandleKind kind, uint index) => Handle.Pack(index, 1, (uint)kind, 0);

    private static void Note(
        Journal journal,
        Op op,
        ulong[] fields,
        ulong answer = 0,
        bool isDone = true,
        ulong? context = null,
        byte[]? image = null
    )
    {
        fixed (ulong* words = fields)
        {
            journal.Note(
                (ushort)op,
                context ?? s_context,
                (byte*)words,
                fields.Length * sizeof(ulong),
                (byte*)&answer,
                isDone,
                image
            );
        }
    }
}
