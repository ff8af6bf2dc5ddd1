using System.Runtime.InteropServices;
using System.Text;
using Weir.Kernels.Abi;
using Weir.Kernels.Codegen;
using Weir.Kernels.Ir;
using Weir.Kernels.Loading;
using Weir.Kernels.Ptx;
using Xunit;

namespace Weir.Kernels.Tests.Codegen;

/// <summary>A compiled kernel, loaded into this process, and memory of its own to run it on.</summary>
public sealed unsafe class KernelRun : IDisposable
{
    private const int SharedCapacity = 1 << 20;

    private readonly ObjectLoader _code;
    private readonly byte* _window;
    private readonly byte* _parameters;
    private readonly byte* _shared;
    private readonly byte* _textures;
    private readonly ulong* _symbols;
    private readonly nint* _helpers;
    private readonly uint* _cancel;
    private int _used;
    private int _textureCount;

    public KernelRun(string ptx, string entry, int windowBytes = 1 << 22)
    {
        PtxModule module = PtxModule.Parse(Encoding.UTF8.GetBytes(ptx));
        Function = module.Lower(entry);
        CompiledKernel kernel = KernelCompiler.Compile(Function);
        Info = kernel.Info;
        _code = ObjectLoader.Load(kernel.Object);
        WindowBytes = windowBytes;
        _window = Allocate(windowBytes);
        _parameters = Allocate(4096);
        _shared = Allocate(SharedCapacity);
        _textures = Allocate(64 * 16);
        _symbols = (ulong*)Allocate(8 * 64);
        _helpers = (nint*)Allocate(8 * 16);
        _cancel = (uint*)Allocate(64);
        for (int i = 0; i < KernelAbi.Helpers.Count; i++)
        {
            nint library = NativeLibrary.Load("libm.so.6");
            _helpers[i] = NativeLibrary.GetExport(library, KernelAbi.Helpers[i]);
        }
    }

    public IrFunction Function { get; }

    public KernelInfo Info { get; }

    public int WindowBytes { get; }

    /// <summary>Address of byte 0 of the device memory.</summary>
    public ulong Window => (ulong)_window;

    /// <summary>How the last launch ended.</summary>
    public KernelThread Thread { get; private set; }

    /// <summary>Copies data into device memory.</summary>
    public ulong Put<T>(params T[] data)
        where T : unmanaged
    {
        ulong address = Reserve(data.Length * sizeof(T));
        data.CopyTo(new Span<T>((void*)address, data.Length));
        return address;
    }

    /// <summary>Takes zeroed device memory.</summary>
    public ulong Reserve(int bytes)
    {
        int at = (_used + 255) & ~255;
        _used = at + bytes;
        Assert.True(_used <= WindowBytes);
        return (ulong)(_window + at);
    }

    /// <summary>Copies data out of device memory.</summary>
    public static T[] Get<T>(ulong address, int count)
        where T : unmanaged => new Span<T>((void*)address, count).ToArray();

    /// <summary>Adds a texture; its object is the result.</summary>
    public ulong AddTexture(TextureDescriptor descriptor)
    {
        ((TextureDescriptor*)_textures)[_textureCount] = descriptor;
        return (ulong)KernelAbi.TextureHandleTag << 32 | (uint)_textureCount++;
    }

    /// <summary>Gives a global variable its address.</summary>
    public void SetSymbol(int index, ulong address) => _symbols[index] = address;

    /// <summary>Asks the next launch to stop.</summary>
    public void Cancel() => *_cancel = 1;

    /// <summary>Runs the kernel; parameters are numbers of the sizes that the kernel declares.</summary>
    public KernelFault Launch(
        (int X, int Y, int Z) grid,
        (int X, int Y, int Z) block,
        ReadOnlySpan<ulong> parameters,
        int dynamicShared = 0
    )
    {
        new Span<byte>(_parameters, 4096).Clear();
        for (int i = 0; i < parameters.Length; i++)
        {
            ulong value = parameters[i];
            Buffer.MemoryCopy(&value, _parameters + Function.Parameters[i].Offset, 8, Function.Parameters[i].SizeBytes);
        }
        long scratchBytes = Info.ScratchBytes(block.X, block.Y, block.Z);
        byte* scratch = Allocate((int)scratchBytes + 64);
        new Span<byte>(scratch, (int)scratchBytes).Fill(0xcd);
        new Span<byte>(_shared, SharedCapacity).Fill(0xab);
        KernelLaunch launch = new()
        {
            GridX = (uint)grid.X,
            GridY = (uint)grid.Y,
            GridZ = (uint)grid.Z,
            BlockX = (uint)block.X,
            BlockY = (uint)block.Y,
            BlockZ = (uint)block.Z,
            DynamicSharedBytes = (uint)dynamicShared,
            TextureCount = (uint)_textureCount,
            Parameters = _parameters,
            WindowBase = (ulong)_window,
            WindowBytes = (ulong)WindowBytes,
            Symbols = _symbols,
            Textures = (TextureDescriptor*)_textures,
            Cancel = _cancel,
            Helpers = _helpers,
        };
        KernelThread thread = new()
        {
            Shared = _shared,
            SharedBytes = (ulong)(((Info.SharedBytes + 15) & ~15) + dynamicShared),
            Scratch = scratch,
            ScratchBytes = (ulong)scratchBytes,
        };
        KernelFault fault = _code.Function(&launch, &thread, 0, (ulong)((long)grid.X * grid.Y * grid.Z));
        Thread = thread;
        for (int i = 0; i < 64; i++)
        {
            Assert.Equal(0, scratch[scratchBytes + i]);
        }
        NativeMemory.AlignedFree(scratch);
        return fault;
    }

    public void Dispose()
    {
        _code.Dispose();
        foreach (
            nint memory in new[]
            {
                (nint)_window,
                (nint)_parameters,
                (nint)_shared,
                (nint)_textures,
                (nint)_symbols,
                (nint)_helpers,
                (nint)_cancel,
            }
        )
        {
            NativeMemory.AlignedFree((void*)memory);
        }
    }

    private static byte* Allocate(int bytes)
    {
        byte* memory = (byte*)NativeMemory.AlignedAlloc((nuint)bytes, 4096);
        new Span<byte>(memory, bytes).Clear();
        return memory;
    }
}
