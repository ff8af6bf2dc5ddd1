using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Text;
using Weir.Kernels.Abi;
using Weir.Kernels.Codegen;
using Weir.Kernels.Loading;
using Weir.Kernels.Ptx;
using Weir.Oracle;

namespace Weir.Conformance.Tests;

/// <summary>How a compiled kernel ended.</summary>
/// <param name="Fault">None when it ran to its end.</param>
/// <param name="Line">PTX line of the fault.</param>
/// <param name="Buffers">The buffers afterwards.</param>
internal sealed record CompiledResult(KernelFault Fault, int Line, byte[][] Buffers);

/// <summary>Compiles kernels in this process and runs them on memory that lies where the case says.</summary>
internal static unsafe class CompiledKernels
{
    private const int Padding = 64; // vector code may read up to a whole vector past an end
    private static readonly ConcurrentDictionary<(string Ptx, string Entry, bool Quick), CompiledKernel> Cache = new();
    private static readonly nint* Helpers = LoadHelpers();

    /// <summary>Compiles an entry.</summary>
    /// <exception cref="Weir.Kernels.PtxException">It is refused.</exception>
    public static CompiledKernel Compile(string ptx, string entry, bool quick = false)
    {
        var function = PtxModule.Parse(Encoding.UTF8.GetBytes(ptx)).Lower(entry);
        return quick ? KernelCompiler.CompileQuick(function) : KernelCompiler.Compile(function);
    }

    /// <summary>Runs a case whose addresses lie in <paramref name="arena"/>.</summary>
    public static CompiledResult Run(KernelCase run, Arena arena, bool quick = false)
    {
        var kernel = Cache.GetOrAdd((run.Ptx, run.Entry, quick), key => Compile(key.Ptx, key.Entry, key.Quick));
        using var loaded = ObjectLoader.Load(kernel.Object);
        foreach (var (offset, bytes) in run.Buffers)
        {
            bytes.CopyTo(arena.Bytes[(int)offset..]);
        }
        var parameters = run.Parameters;
        var symbols = kernel.Info.GlobalSymbols.Select(name => run.Symbols[name]).ToArray();
        var textureIndex = run.Textures.Keys.Select(handle => (int)(uint)handle).DefaultIfEmpty(-1).Max();
        var textures = new TextureDescriptor[textureIndex + 1];
        foreach (var (handle, texture) in run.Textures)
        {
            textures[(uint)handle] = Descriptor(texture);
        }
        var sharedBytes =
            run.DynamicSharedBytes == 0
                ? (ulong)kernel.Info.SharedBytes
                : (((ulong)kernel.Info.SharedBytes + 15) & ~15UL) + run.DynamicSharedBytes;
        var scratchBytes = (ulong)kernel.Info.ScratchBytes((int)run.Block.X, (int)run.Block.Y, (int)run.Block.Z);
        using var parameterMemory = new Aligned((ulong)parameters.Length);
        using var shared = new Aligned(sharedBytes);
        using var scratch = new Aligned(scratchBytes);
        parameters.CopyTo(new Span<byte>(parameterMemory.Start, parameters.Length));
        using var cancel = new Aligned(sizeof(uint));
        *(uint*)cancel.Start = 0;
        var end = run.Grid.Count;
        KernelThread thread = new()
        {
            Shared = shared.Start,
            SharedBytes = sharedBytes,
            Scratch = scratch.Start,
            ScratchBytes = scratchBytes,
        };
        KernelFault fault;
        fixed (ulong* symbolStart = symbols)
        fixed (TextureDescriptor* textureStart = textures)
        {
            KernelLaunch launch = new()
            {
                GridX = run.Grid.X,
                GridY = run.Grid.Y,
                GridZ = run.Grid.Z,
                BlockX = run.Block.X,
                BlockY = run.Block.Y,
                BlockZ = run.Block.Z,
                DynamicSharedBytes = run.DynamicSharedBytes,
                TextureCount = (uint)textures.Length,
                Parameters = parameterMemory.Start,
                WindowBase = arena.Base,
                WindowBytes = run.ArenaBytes,
                Symbols = symbolStart,
                Textures = textureStart,
                Cancel = (uint*)cancel.Start,
                Helpers = Helpers,
            };
            using var watch = new Timer(
                _ => Volatile.Write(ref *(uint*)cancel.Start, 1),
                null,
                30_000,
                Timeout.Infinite
            );
            // In two parts, as a device splits a grid across cores.
            fault = loaded.Function(&launch, &thread, 0, end / 2);
            fault = fault == KernelFault.None ? loaded.Function(&launch, &thread, end / 2, end) : fault;
        }
        var buffers = run.Buffers.Select(b => arena.Bytes.Slice((int)b.Offset, b.Bytes.Length).ToArray()).ToArray();
        return new CompiledResult(fault, (int)thread.FaultLine, buffers);
    }

    private static TextureDescriptor Descriptor(OracleTexture texture) =>
        new()
        {
            Base = texture.Base,
            Width = texture.Width,
            Height = texture.Height,
            Depth = texture.Depth,
            PitchBytes = texture.PitchBytes,
            Format = texture.Format,
            Channels = texture.Channels,
            AddressX = texture.AddressX,
            AddressY = texture.AddressY,
            AddressZ = texture.AddressZ,
            Filter = texture.Linear ? 1u : 0,
            Flags = texture.Flags,
        };

    private static nint* LoadHelpers()
    {
        var library = NativeLibrary.Load("libm.so.6");
        var table = (nint*)NativeMemory.Alloc((nuint)(KernelAbi.Helpers.Count * sizeof(nint)));
        for (var i = 0; i < KernelAbi.Helpers.Count; i++)
        {
            table[i] = NativeLibrary.GetExport(library, KernelAbi.Helpers[i]);
        }
        return table;
    }

    private sealed class Aligned : IDisposable
    {
        public Aligned(ulong bytes)
        {
            Start = (byte*)NativeMemory.AlignedAlloc((nuint)bytes + Padding, 64);
            NativeMemory.Fill(Start, (nuint)bytes + Padding, 0xa5);
        }

        public byte* Start { get; }

        public void Dispose() => NativeMemory.AlignedFree(Start);
    }
}

/// <summary>Memory of this process that stands for a device's.</summary>
internal sealed unsafe class Arena : IDisposable
{
    private const int SizeBytes = 16 << 20;
    private readonly byte* _start = (byte*)NativeMemory.AlignedAlloc(SizeBytes, 4096);

    public ulong Base => (ulong)_start;

    public Span<byte> Bytes => new(_start, SizeBytes);

    public void Dispose() => NativeMemory.AlignedFree(_start);
}
