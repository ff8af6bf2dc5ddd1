using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using Weir.Devices.Software.Contexts;
using Weir.Devices.Software.Execution;
using Weir.Kernels;
using Weir.Kernels.Abi;
using Weir.Kernels.Codegen;
using Weir.Kernels.Ir;
using Weir.Kernels.Loading;
using Weir.Kernels.Ptx;

namespace Weir.Devices.Software.Modules;

/// <summary>
/// A kernel of a module. It is checked when it is looked up, so that an instruction that is not supported is refused
/// then; it is compiled in the background from then on, and the first launch waits for that.
/// </summary>
internal sealed unsafe class DeviceKernel : IDisposable
{
    private readonly SoftwareDevice device;
    private readonly TaskCompletionSource<LoadedKernel> compilation = new(
        TaskCreationOptions.RunContinuationsAsynchronously
    );
    private int isStarted;
    private readonly List<ObjectLoader> code = [];
    private volatile LoadedKernel? loaded;
    private readonly List<nint> tables = [];
    private int isImproving;
    private bool isGone;
    private byte* name;

    /// <exception cref="PtxException">It is malformed or uses what is not supported.</exception>
    public DeviceKernel(SoftwareDevice device, DeviceModule module, PtxEntry entry)
    {
        this.device = device;
        Module = module;
        Entry = entry;
        IrFunction function = module.Ptx.Lower(entry.Name);
        SharedBytes = function.SharedBytes;
        LocalBytes = function.LocalBytes;
        UsesServices = function.UsesSystem;
        MaxDynamicSharedBytes = Math.Max(0, DeviceAttributes.SharedBytesPerBlock - SharedBytes);
        ThreadPool.UnsafeQueueUserWorkItem(static kernel => kernel.CompileOnce(), this, preferLocal: false);
    }

    /// <summary>Module it belongs to.</summary>
    public DeviceModule Module { get; }

    /// <summary>Its signature.</summary>
    public PtxEntry Entry { get; }

    /// <summary>Handle that the program holds.</summary>
    public nint Handle { get; set; }

    /// <summary>Static shared memory, bytes.</summary>
    public int SharedBytes { get; }

    /// <summary>Local memory per thread, bytes.</summary>
    public int LocalBytes { get; }

    /// <summary>It may print, or ask for memory.</summary>
    public bool UsesServices { get; }

    /// <summary>Most threads in a block.</summary>
    public int MaxThreads =>
        Entry.RequiredThreads is { } required ? required.X * required.Y * required.Z
        : Entry.MaxThreads is { } most ? Math.Min(DeviceAttributes.MaxThreadsPerBlock, most.X * most.Y * most.Z)
        : DeviceAttributes.MaxThreadsPerBlock;

    /// <summary>Most dynamic shared memory that a launch may have, bytes; the program may raise it.</summary>
    public int MaxDynamicSharedBytes { get; set; }

    /// <summary>What the program asked for as division between cache and shared memory; kept, without effect.</summary>
    public int PreferredCarveout { get; set; } = -1;

    /// <summary>Its code when it is ready, else null.</summary>
    public LoadedKernel? Loaded => loaded;

    /// <summary>Its name as a NUL-terminated string that lives as long as the kernel.</summary>
    public byte* Name
    {
        get
        {
            lock (code)
            {
                if (name is null)
                {
                    byte[] bytes = Encoding.UTF8.GetBytes(Entry.Name);
                    name = (byte*)NativeMemory.AllocZeroed((nuint)bytes.Length + 1);
                    bytes.CopyTo(new Span<byte>(name, bytes.Length));
                }
                return name;
            }
        }
    }

    /// <summary>Its code; compiles it when nobody has begun to, else waits until it is compiled.</summary>
    /// <exception cref="Exception">Whatever kept it from being compiled.</exception>
    public LoadedKernel Load()
    {
        CompileOnce();
        return compilation.Task.GetAwaiter().GetResult();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref isStarted, 1) == 0)
        {
            compilation.SetCanceled();
        }
        // The source may be at work: what it makes is dropped when it comes.
        compilation.Task.ContinueWith(
            static (task, kernel) =>
            {
                _ = task.Exception;
                ((DeviceKernel)kernel!).Free();
            },
            this,
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default
        );
    }

    private void CompileOnce()
    {
        if (Interlocked.Exchange(ref isStarted, 1) != 0)
        {
            return;
        }
        try
        {
            compilation.SetResult(Compile());
        }
        catch (Exception error)
        {
            // Kept for whoever launches the kernel.
            compilation.SetException(error);
        }
    }

    private LoadedKernel Compile()
    {
        long start = Stopwatch.GetTimestamp();
        CompiledKernel compiled = device.Options.Kernels.Get(Module.Ptx, Entry.Name);
        loaded = Put(compiled) ?? throw new ObjectDisposedException(Entry.Name);
        device.Counters.Compiled(Stopwatch.GetTimestamp() - start);
        return loaded;
    }

    /// <summary>
    /// Has better code made in the background where there may be some; later launches run that, those that have begun do not notice.
    /// </summary>
    public void Improve()
    {
        if (Interlocked.Exchange(ref isImproving, 1) == 0)
        {
            device.Improvements.Add(this);
        }
    }

    /// <summary>Waits for better code and puts it in place. Called in the background.</summary>
    internal void ImproveNow()
    {
        try
        {
            if (device.Options.Kernels.Improve(Module.Ptx, Entry.Name) is { } better && Put(better) is { } final)
            {
                loaded = final;
            }
        }
        catch (Exception error) when (error is PtxException or CodegenException)
        {
            device.Log($"kernel '{Entry.Name}' keeps its quick code: {error.Message}");
        }
    }

    /// <summary>Links code, in place until the kernel goes; null when it has gone already.</summary>
    private LoadedKernel? Put(CompiledKernel compiled)
    {
        IReadOnlyList<string> names = compiled.Info.GlobalSymbols;
        ulong[] addresses = new ulong[names.Count];
        for (int index = 0; index < names.Count; index++)
        {
            if (!Module.Variables.TryGetValue(names[index], out Memory.DeviceAllocation? variable))
            {
                throw new PtxException(
                    $"kernel '{Entry.Name}' uses variable '{names[index]}', which is defined nowhere",
                    0
                );
            }
            addresses[index] = variable.Address;
        }
        lock (code)
        {
            if (isGone)
            {
                return null;
            }
            ObjectLoader loader = ObjectLoader.Load(compiled.Object);
            ulong* table = (ulong*)NativeMemory.Alloc((nuint)(addresses.Length + 1), sizeof(ulong));
            addresses.CopyTo(new Span<ulong>(table, addresses.Length));
            code.Add(loader);
            tables.Add((nint)table);
            return new LoadedKernel
            {
                Info = compiled.Info,
                MapLine = line => Module.Ptx.MapLine(Entry.Name, line),
                Function = loader.Entry,
                Symbols = table,
                IsFinal = compiled.IsFinal,
            };
        }
    }

    private void Free()
    {
        lock (code)
        {
            isGone = true;
            foreach (ObjectLoader loader in code)
            {
                loader.Dispose();
            }
            code.Clear();
            foreach (nint table in tables)
            {
                NativeMemory.Free((void*)table);
            }
            tables.Clear();
            NativeMemory.Free(name);
            name = null;
        }
    }
}
