using System.Text;
using Weir.Api;
using Weir.Images;
using Weir.Wire;
using Weir.Worker.Portable;
using Weir.Worker.Tests.Support;

namespace Weir.Worker.Tests.Portable;

/// <summary>A session that goes on with another device has everything that it had, at the same places.</summary>
public unsafe class MovedSessionTests
{
    private static readonly ulong s_context = New(HandleKind.Context, 0);

    [Fact]
    public void Memory_keeps_its_addresses_and_contents()
    {
        using var folder = new TemporaryFolder();
        using LocalSession session = Open();
        ulong small = Allocate(session, 300);
        ulong gap = Allocate(session, 5000);
        ulong large = Allocate(session, 5 << 20);
        _ = session.Execute(Op.MemFree, s_context, gap);
        Fill(session, small, 300, 0x11);
        Fill(session, large, 5 << 20, 0x77);
        session.Move(folder.Path);
        AssertFilled(session, small, 300, 0x11);
        AssertFilled(session, large, 5 << 20, 0x77);
        Assert.Equal(gap, Allocate(session, 5000));
        Assert.Equal(CuResult.Success, session.Execute(Op.MemFree, s_context, small));
        Assert.Equal(CuResult.InvalidValue, session.Execute(Op.MemFree, s_context, small));
    }

    [Fact]
    public void Streams_and_events_are_there_with_their_times()
    {
        using var folder = new TemporaryFolder();
        using LocalSession session = Open();
        ulong stream = New(HandleKind.Stream, 1);
        ulong first = New(HandleKind.Event, 1);
        ulong second = New(HandleKind.Event, 2);
        ulong never = New(HandleKind.Event, 3);
        _ = session.Execute(Op.StreamCreate, s_context, stream, 1);
        _ = session.Execute(Op.EventCreate, s_context, first, 0);
        _ = session.Execute(Op.EventCreate, s_context, second, 0);
        _ = session.Execute(Op.EventCreate, s_context, never, 0);
        _ = session.Execute(Op.EventRecord, s_context, first, stream);
        Thread.Sleep(5);
        _ = session.Execute(Op.EventRecord, s_context, second, stream);
        Assert.Equal(CuResult.Success, session.Execute(Op.EventElapsedTime, s_context, first, second));
        ulong before = session.Answer(0);
        session.Move(folder.Path);
        Assert.Equal(CuResult.Success, session.Execute(Op.EventElapsedTime, s_context, first, second));
        Assert.Equal(before, session.Answer(0));
        Assert.Equal(CuResult.InvalidHandle, session.Execute(Op.EventElapsedTime, s_context, first, never));
        Assert.Equal(CuResult.Success, session.Execute(Op.StreamGetFlags, s_context, stream));
        Assert.Equal(1UL, session.Answer(0));
        Assert.Equal(CuResult.Success, session.Execute(Op.StreamSynchronize, s_context, stream));
    }

    [Fact]
    public void Modules_come_with_their_variables_functions_and_what_was_set_of_them()
    {
        using var folder = new TemporaryFolder();
        using LocalSession session = Open();
        ulong other = New(HandleKind.Module, 1);
        ulong module = New(HandleKind.Module, 2);
        ulong function = New(HandleKind.Function, 3);
        Load(session, other);
        Load(session, module);
        _ = session.Execute(Op.ModuleUnload, s_context, other);
        Assert.Equal(CuResult.Success, GetFunction(session, function, module));
        Assert.Equal(CuResult.Success, session.Execute(Op.FuncSetAttribute, s_context, function, 8, 4096));
        ulong counter = Global(session, module, "counter");
        ulong pointer = Global(session, module, "pointer");
        Assert.Equal(counter, Read(session, pointer));
        Fill(session, counter, 8, 0x5A);
        session.Move(folder.Path);
        Assert.Equal(counter, Global(session, module, "counter"));
        Assert.Equal(counter, Read(session, pointer));
        AssertFilled(session, counter, 8, 0x5A);
        Assert.Equal(CuResult.Success, session.Execute(Op.FuncGetAttribute, s_context, 8, function));
        Assert.Equal(4096UL, session.Answer(0));
        _ = session.Execute(Op.ModuleUnload, s_context, other);
        Assert.Equal(CuResult.InvalidHandle, session.Execute(Op.CtxSynchronize, s_context));
        // Once more, from the second device's own state.
        session.Move(folder.Path);
        AssertFilled(session, counter, 8, 0x5A);
    }

    [Fact]
    public void Contexts_come_with_their_limits_and_their_faults()
    {
        using var folder = new TemporaryFolder();
        using LocalSession session = Open();
        ulong other = New(HandleKind.Context, 1);
        ulong primary = New(HandleKind.Context, 2);
        Assert.Equal(CuResult.Success, session.Execute(Op.CtxCreate, 0, other, 0, 0));
        Assert.Equal(CuResult.Success, session.Execute(Op.DevicePrimaryCtxRetain, 0, primary, 0));
        Assert.Equal(CuResult.Success, session.Execute(Op.CtxSetLimit, s_context, 0, 4096));
        Assert.Equal(CuResult.Success, session.Execute(Op.CtxGetLimit, s_context, 0));
        ulong limit = session.Answer(0);
        Assert.True(session.Session.Handles.TryGet(HandleKind.Context, other, out nint native));
        session.Session.Portable!.WriteState(HandleKind.Context, native, [(long)CuResult.IllegalAddress]);
        _ = session.Execute(Op.MemsetD8Async, s_context, 12345, 0, 16, 0);
        session.Move(folder.Path);
        Assert.Equal(CuResult.Success, session.Execute(Op.CtxGetLimit, s_context, 0));
        Assert.Equal(limit, session.Answer(0));
        Assert.Equal(CuResult.IllegalAddress, session.Execute(Op.CtxSynchronize, other));
        Assert.Equal(CuResult.Success, session.Execute(Op.CtxSynchronize, primary));
        // The post's error still waits to be reported, once.
        Assert.NotEqual(CuResult.Success, session.Execute(Op.CtxSynchronize, s_context));
        Assert.Equal(CuResult.Success, session.Execute(Op.CtxSynchronize, s_context));
        Assert.Equal(CuResult.Success, session.Execute(Op.DevicePrimaryCtxRelease, 0, 0));
        Assert.Equal(CuResult.InvalidContext, session.Execute(Op.CtxSynchronize, primary));
    }

    [Fact]
    public void Pools_and_memory_of_pools_that_have_ended_are_there()
    {
        using var folder = new TemporaryFolder();
        using LocalSession session = Open();
        ulong pool = New(HandleKind.MemoryPool, 1);
        Assert.Equal(CuResult.Success, CreatePool(session, pool));
        Assert.Equal(CuResult.Success, session.Execute(Op.SetPoolAttribute, s_context, pool, 4, 12345));
        Assert.Equal(CuResult.Success, session.Execute(Op.MemAllocFromPoolAsync, s_context, 8192, pool, 0));
        ulong kept = session.Answer(0);
        Assert.Equal(CuResult.Success, session.Execute(Op.MemAllocFromPoolAsync, s_context, 8192, pool, 0));
        _ = session.Execute(Op.MemFreeAsync, s_context, session.Answer(0), 0);
        Fill(session, kept, 8192, 0x33);
        session.Move(folder.Path);
        AssertFilled(session, kept, 8192, 0x33);
        Assert.Equal(12345UL, PoolAttribute(session, pool, 4));
        // In use, and the most that ever was.
        Assert.Equal(8192UL, PoolAttribute(session, pool, 7));
        Assert.Equal(16384UL, PoolAttribute(session, pool, 8));
        Assert.Equal(CuResult.Success, session.Execute(Op.MemPoolDestroy, s_context, pool));
        session.Move(folder.Path);
        AssertFilled(session, kept, 8192, 0x33);
        Assert.Equal(CuResult.InvalidHandle, session.Execute(Op.GetPoolAttribute, s_context, pool, 4));
        _ = session.Execute(Op.MemFreeAsync, s_context, kept, 0);
        Assert.Equal(CuResult.Success, session.Execute(Op.CtxSynchronize, s_context));
    }

    [Fact]
    public void Mapped_memory_is_mapped_where_it_was_also_twice_and_without_a_handle()
    {
        const ulong Size = 2 << 20;
        using var folder = new TemporaryFolder();
        using LocalSession session = Open();
        ulong memory = New(HandleKind.PhysicalMemory, 1);
        Assert.Equal(CuResult.Success, session.Execute(Op.MemAddressReserve, s_context, 4 * Size, 0, 0, 0));
        ulong address = session.Answer(0);
        Assert.Equal(CuResult.Success, session.Execute(Op.MemCreate, s_context, memory, Size, 1, 1, 0, 0, 0));
        Assert.Equal(CuResult.Success, session.Execute(Op.MemMap, s_context, address, Size, 0, memory, 0));
        Assert.Equal(CuResult.Success, session.Execute(Op.MemMap, s_context, address + 2 * Size, Size, 0, memory, 0));
        Assert.Equal(CuResult.Success, Access(session, address, Size));
        Fill(session, address, 4096, 0x44);
        Assert.Equal(CuResult.Success, session.Execute(Op.MemRelease, s_context, memory));
        session.Move(folder.Path);
        AssertFilled(session, address, 4096, 0x44);
        // The second place had no access; it is the same memory.
        Assert.Equal(CuResult.Success, Access(session, address + 2 * Size, Size));
        AssertFilled(session, address + 2 * Size, 4096, 0x44);
        Assert.Equal(CuResult.Success, session.Execute(Op.MemUnmap, s_context, address, Size));
        Assert.Equal(CuResult.Success, session.Execute(Op.MemUnmap, s_context, address + 2 * Size, Size));
        Assert.Equal(CuResult.Success, session.Execute(Op.MemAddressFree, s_context, address, 4 * Size));
    }

    [Fact]
    public void Arrays_and_textures_keep_their_contents_and_numbers()
    {
        using var folder = new TemporaryFolder();
        using LocalSession session = Open();
        ulong array = New(HandleKind.Array, 1);
        CUDA_ARRAY_DESCRIPTOR shape = new()
        {
            Width = 64,
            Height = 8,
            Format = CUarray_format.UnsignedInt8,
            NumChannels = 1,
        };
        ulong[] fields = new ulong[1 + sizeof(CUDA_ARRAY_DESCRIPTOR) / 8];
        fields[0] = array;
        fixed (ulong* place = fields)
        {
            *(CUDA_ARRAY_DESCRIPTOR*)(place + 1) = shape;
        }
        Assert.Equal(CuResult.Success, session.Execute(Op.ArrayCreate, s_context, fields));
        ulong first = Texture(session, array);
        ulong second = Texture(session, array);
        _ = session.Execute(Op.TexObjectDestroy, s_context, first);
        Assert.True(session.Session.Handles.TryGet(HandleKind.Array, array, out nint native));
        ulong address = session.Session.Portable!.PlacesOf(HandleKind.Array, native)[0];
        new Span<byte>((void*)address, 64).Fill(9);
        session.Move(folder.Path);
        Assert.True(session.Session.Handles.TryGet(HandleKind.Array, array, out native));
        Assert.Equal([address], session.Session.Portable!.PlacesOf(HandleKind.Array, native));
        Assert.Equal(-1, new Span<byte>((void*)address, 64).IndexOfAnyExcept((byte)9));
        Assert.Equal(CuResult.Success, session.Execute(Op.TexObjectGetTextureDesc, s_context, second));
        Assert.NotEqual(CuResult.Success, session.Execute(Op.TexObjectGetTextureDesc, s_context, first));
        Assert.Equal(first, Texture(session, array));
    }

    [Fact]
    public void The_second_image_is_written_only_where_something_changed()
    {
        using var folder = new TemporaryFolder();
        using LocalSession session = Open();
        ulong memory = Allocate(session, 16 << 20);
        for (ulong chunk = 0; chunk < 8; chunk++)
        {
            Fill(session, memory + (chunk << 21), 1 << 21, (byte)(chunk + 1));
        }
        SavedSession first = session.Save(folder.Path);
        Assert.InRange(first.WrittenBytes, 16 << 20, 17 << 20);
        Fill(session, memory + (3 << 21), 8, 0xEE);
        SavedSession second = session.Save(folder.Path);
        Assert.InRange(second.WrittenBytes, 2 << 20, 3 << 20);
        session.MoveTo(folder.Path);
        AssertFilled(session, memory + (2 << 21), 1 << 21, 3);
        AssertFilled(session, memory + (3 << 21), 8, 0xEE);
    }

    [Fact]
    public void A_folder_that_another_session_wrote_to_meanwhile_is_written_anew()
    {
        using var folder = new TemporaryFolder();
        using LocalSession session = Open();
        using LocalSession other = Open();
        ulong memory = Allocate(session, 8 << 20);
        Fill(session, memory, 8 << 20, 1);
        _ = session.Save(folder.Path);
        ulong others = Allocate(other, 8 << 20);
        Fill(other, others, 8 << 20, 2);
        _ = other.Save(folder.Path);
        _ = session.Save(folder.Path);
        session.MoveTo(folder.Path);
        AssertFilled(session, memory, 8 << 20, 1);
    }

    [Fact]
    public void An_image_that_is_damaged_anywhere_is_refused_before_anything_is_touched()
    {
        using var folder = new TemporaryFolder();
        using LocalSession session = Open();
        ulong memory = Allocate(session, 4 << 20);
        Fill(session, memory, 4 << 20, 0x21);
        _ = session.Save(folder.Path);
        string[] files =
        [
            .. Directory
                .EnumerateFiles(folder.Path, "*", SearchOption.AllDirectories)
                .Where(path => !path.EndsWith("lock")),
        ];
        foreach (string file in files)
        {
            byte[] whole = File.ReadAllBytes(file);
            byte[] torn = [.. whole];
            torn[whole.Length / 2] ^= 1;
            File.WriteAllBytes(file, torn);
            _ = Assert.Throws<ImageException>(() => session.MoveTo(folder.Path, stops: false));
            File.WriteAllBytes(file, whole[..^1]);
            _ = Assert.Throws<ImageException>(() => session.MoveTo(folder.Path, stops: false));
            File.WriteAllBytes(file, whole);
        }
        AssertFilled(session, memory, 4 << 20, 0x21);
        session.MoveTo(folder.Path);
        AssertFilled(session, memory, 4 << 20, 0x21);
    }

    private const string Ptx = """
        .version 7.8
        .target sm_70
        .address_size 64
        .visible .global .align 8 .u64 counter = 7;
        .visible .global .align 8 .u64 pointer = counter;
        .visible .entry nothing() { ret; }
        """;

    private static LocalSession Open()
    {
        var session = new LocalSession();
        Assert.Equal(CuResult.Success, session.Execute(Op.CtxCreate, 0, s_context, 0, 0));
        return session;
    }

    private static ulong Allocate(LocalSession session, ulong bytes)
    {
        Assert.Equal(CuResult.Success, session.Execute(Op.MemAlloc, s_context, bytes));
        return session.Answer(0);
    }

    private static void Fill(LocalSession session, ulong address, ulong bytes, byte value) =>
        Assert.Equal(CuResult.Success, session.Execute(Op.MemsetD8, s_context, address, value, bytes));

    private static void AssertFilled(LocalSession session, ulong address, int bytes, byte value)
    {
        Assert.Equal(CuResult.Success, session.Execute(Op.MemGetAddressRange, s_context, address));
        Assert.Equal(-1, new ReadOnlySpan<byte>((void*)address, bytes).IndexOfAnyExcept(value));
    }

    private static ulong Read(LocalSession session, ulong address)
    {
        Assert.Equal(CuResult.Success, session.Execute(Op.ReadBack, s_context, address, 0, 8));
        return *(ulong*)address;
    }

    private static void Load(LocalSession session, ulong module)
    {
        byte[] image = [.. Encoding.ASCII.GetBytes(Ptx), 0];
        Assert.True(session.Session.Blobs.TryAppend(7, image));
        Assert.Equal(CuResult.Success, session.Execute(Op.LoadModule, s_context, module, 7));
    }

    private static CuResult GetFunction(LocalSession session, ulong function, ulong module) =>
        session.Execute(Op.ModuleGetFunction, s_context, [function, module, .. Text("nothing")]);

    private static ulong Global(LocalSession session, ulong module, string name)
    {
        Assert.Equal(CuResult.Success, session.Execute(Op.ModuleGetGlobal, s_context, [module, .. Text(name)]));
        return session.Answer(0);
    }

    private static ulong[] Text(string text)
    {
        byte[] bytes = [.. BitConverter.GetBytes(text.Length + 1), .. Encoding.ASCII.GetBytes(text), 0];
        Array.Resize(ref bytes, (bytes.Length + 7) / 8 * 8);
        ulong[] words = new ulong[bytes.Length / 8];
        Buffer.BlockCopy(bytes, 0, words, 0, bytes.Length);
        return words;
    }

    /// <summary>Makes a pool.</summary>
    internal static CuResult CreatePool(LocalSession session, ulong pool)
    {
        CUmemPoolProps properties = new()
        {
            allocType = 1,
            location = new CUmemLocation { type = CUmemLocation.Device, id = 0 },
        };
        ulong[] fields = new ulong[1 + sizeof(CUmemPoolProps) / 8];
        fields[0] = pool;
        fixed (ulong* place = fields)
        {
            *(CUmemPoolProps*)(place + 1) = properties;
        }
        return session.Execute(Op.MemPoolCreate, s_context, fields);
    }

    private static ulong PoolAttribute(LocalSession session, ulong pool, ulong attribute)
    {
        Assert.Equal(CuResult.Success, session.Execute(Op.GetPoolAttribute, s_context, pool, attribute));
        return session.Answer(0);
    }

    private static CuResult Access(LocalSession session, ulong address, ulong bytes)
    {
        ulong[] fields = new ulong[5];
        fields[0] = address;
        fields[1] = bytes;
        fixed (ulong* place = fields)
        {
            *(uint*)(place + 2) = (uint)sizeof(CUmemAccessDesc);
            *(CUmemAccessDesc*)((byte*)(place + 2) + sizeof(uint)) = new CUmemAccessDesc
            {
                location = new CUmemLocation { type = CUmemLocation.Device, id = 0 },
                flags = CUmemAccessDesc.ReadWrite,
            };
        }
        fields[4] = 1;
        return session.Execute(Op.MemSetAccess, s_context, fields);
    }

    private static ulong Texture(LocalSession session, ulong array)
    {
        ulong[] fields = new ulong[
            (sizeof(CUDA_RESOURCE_DESC) + sizeof(CUDA_TEXTURE_DESC) + sizeof(CUDA_RESOURCE_VIEW_DESC)) / 8 + 1
        ];
        fixed (ulong* place = fields)
        {
            *(CUDA_RESOURCE_DESC*)place = new CUDA_RESOURCE_DESC
            {
                resType = CUresourcetype.Array,
                hArray = (nint)array,
            };
        }
        Assert.Equal(CuResult.Success, session.Execute(Op.TexObjectCreate, s_context, fields));
        return session.Answer(0);
    }

    private static ulong New(HandleKind kind, uint index) => Handle.Pack(index, 1, (uint)kind, 0);
}
