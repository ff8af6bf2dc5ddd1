using System.Net.Sockets;
using System.Text;
using Weir.Kernels.Abi;
using Weir.Kernels.Codegen;
using Weir.Kernels.Ir;
using Weir.Kernels.Ptx;

namespace Weir.Kernels.Service;

/// <summary>
/// The compile service: takes PTX from workers of the same user, or of all users of a node, gives objects. One thread per connection. What LLVM
/// cannot bear ends this process; the clients notice and start another.
/// </summary>
public sealed class CompileServer : IDisposable
{
    // LLVM and the analyses recurse with the size of a kernel.
    private const int StackBytes = 256 << 20;

    /// <summary>What nobody waits for may take so many times the limit.</summary>
    internal const int BackgroundPatience = 10;

    private const string WarmUpKernel = """
        .version 6.0
        .target sm_60
        .address_size 64
        .visible .entry warm(.param .u64 p, .param .u32 n)
        {
            .reg .pred %p1;
            .reg .f32 %f<4>;
            .reg .b32 %r<6>;
            .reg .b64 %rd<5>;
            ld.param.u64 %rd1, [p];
            ld.param.u32 %r5, [n];
            mov.u32 %r1, %tid.x;
            mov.u32 %r2, %ctaid.x;
            mov.u32 %r3, %ntid.x;
            mad.lo.s32 %r4, %r2, %r3, %r1;
            setp.ge.u32 %p1, %r4, %r5;
            @%p1 bra DONE;
            mul.wide.s32 %rd2, %r4, 4;
            add.s64 %rd3, %rd1, %rd2;
            ld.global.f32 %f1, [%rd3];
            fma.rn.f32 %f2, %f1, %f1, %f1;
            st.global.f32 [%rd3], %f2;
        DONE:
            ret;
        }
        """;

    private readonly Socket _listener;
    private readonly TimeSpan _limit;
    private readonly ReaderWriterLockSlim _alone = new();

    // What nobody waits for takes turns, and leaves the cores to what somebody does.
    private readonly SemaphoreSlim _background = new(Math.Max(1, Environment.ProcessorCount / 2));
    private int _connections;
    private int _improving;

    private readonly KernelCache? _cache;
    private readonly KernelCache? _ownCache;

    private CompileServer(Socket listener, TimeSpan limit, KernelCache? cache, KernelCache? ownCache)
    {
        _listener = listener;
        _cache = cache;
        _ownCache = ownCache;
        _limit = limit;
    }

    /// <summary>Number of open connections.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>
    /// Those of them for which better code is being made in the background, at a priority that can make it take minutes on a busy machine.
    /// Whether their clients are there still is seen only afterwards.
    /// </summary>
    public int Improving => Volatile.Read(ref _improving);

    /// <summary>Begins to listen; null when another service has the name already.</summary>
    /// <param name="socketName">Abstract socket name or path, see <see cref="CompileAddress"/>.</param>
    /// <param name="limit">A compilation that takes longer ends this process.</param>
    /// <param name="sharedCache">
    /// Null: serves its own user only. Otherwise it serves every user that reaches the socket, and keeps what it compiled
    /// here: such users can read this cache but must not write what others will run.
    /// </param>
    /// <param name="ownCache">
    /// Where kernels go whose final form was asked for, besides to whoever asked: a program that ends before its kernels are
    /// ready finds them at its next run.
    /// </param>
    public static CompileServer? TryListen(
        string socketName,
        TimeSpan limit,
        KernelCache? sharedCache = null,
        KernelCache? ownCache = null
    )
    {
        if (CompileAddress.IsPath(socketName) && !TryClear(socketName))
        {
            return null;
        }
        Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            listener.Bind(CompileAddress.EndPoint(socketName));
            listener.Listen(64);
            if (sharedCache is not null && CompileAddress.IsPath(socketName))
            {
                File.SetUnixFileMode(socketName, (UnixFileMode)0x1b6); // rw for all
            }
            return new CompileServer(listener, limit, sharedCache, ownCache);
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            listener.Dispose();
            return null;
        }
    }

    /// <summary>Accepts connections until disposed.</summary>
    public void Run()
    {
        while (true)
        {
            Socket client;
            try
            {
                client = _listener.Accept();
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return;
            }
            if (_cache is null && CompileAddress.PeerUser(client) != CompileAddress.User)
            {
                client.Dispose();
                continue;
            }
            Interlocked.Increment(ref _connections);
            Thread thread = new(() => Serve(client), StackBytes) { IsBackground = true, Name = "compile" };
            thread.Start();
        }
    }

    /// <summary>Loads LLVM and compiles a small kernel, so that the first real one finds everything in memory.</summary>
    public static void WarmUp()
    {
        byte[] text = Encoding.ASCII.GetBytes(WarmUpKernel);
        Compile("warm", text, CodeQuality.Full);
        KernelCompiler.CompileQuick(PtxModule.Parse(text).Lower("warm"));
    }

    /// <summary>Stops listening.</summary>
    public void Dispose() => _listener.Dispose();

    // A path outlives a service that was killed. False: one is at work there.
    private static bool TryClear(string path)
    {
        using Socket probe = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            probe.Connect(CompileAddress.EndPoint(path));
            return false;
        }
        catch (SocketException)
        {
            File.Delete(path);
            return true;
        }
    }

    private void Serve(Socket client)
    {
        try
        {
            using (client)
            {
                while (CompileProtocol.Receive(client) is { } frame)
                {
                    if (frame.Kind != FrameKind.Compile)
                    {
                        return;
                    }
                    Answer(client, frame.Body);
                }
            }
        }
        catch (Exception e) when (e is SocketException or InvalidDataException)
        {
            // The client went away, or is none.
        }
        finally
        {
            Interlocked.Decrement(ref _connections);
        }
    }

    private void Answer(Socket client, byte[] body)
    {
        (string entry, byte[] text, bool alone, CodeQuality quality, CodeVariant variant) =
            CompileProtocol.DecodeRequest(body);
        if (quality == CodeQuality.Full)
        {
            // A client asks for it on a connection of its own, so the thread may stay like this.
            ThreadPriority.Lower();
            _ = Interlocked.Increment(ref _improving);
            _background.Wait();
        }
        try
        {
            Answer(client, entry, text, alone, quality, variant);
        }
        finally
        {
            if (quality == CodeQuality.Full)
            {
                _background.Release();
                _ = Interlocked.Decrement(ref _improving);
            }
        }
    }

    private void Answer(Socket client, string entry, byte[] text, bool alone, CodeQuality quality, CodeVariant variant)
    {
        // A kernel that may have brought a service down runs alone, so that no other is blamed for it.
        if (alone)
        {
            _alone.EnterWriteLock();
        }
        else
        {
            _alone.EnterReadLock();
        }
        try
        {
            CompileProtocol.Send(client, FrameKind.Started, []);
            // In the background others come first, so that a minute of work may take many.
            TimeSpan limit = quality == CodeQuality.Full ? BackgroundPatience * _limit : _limit;
            using Timer watchdog = new(_ => EndProcess(entry, limit), null, limit, Timeout.InfiniteTimeSpan);
            (FrameKind kind, byte[] answer) = Compile(entry, text, quality, variant);
            if (kind == FrameKind.Compiled)
            {
                KernelCache? cache = _cache ?? (quality == CodeQuality.Full ? _ownCache : null);
                cache?.Add(KernelCache.Key(entry, text, variant), CompileProtocol.DecodeKernel(answer));
            }
            CompileProtocol.Send(client, kind, answer);
        }
        finally
        {
            if (alone)
            {
                _alone.ExitWriteLock();
            }
            else
            {
                _alone.ExitReadLock();
            }
        }
    }

    private static (FrameKind, byte[]) Compile(
        string entry,
        byte[] text,
        CodeQuality quality,
        CodeVariant variant = CodeVariant.Plain
    )
    {
        try
        {
            IrFunction function = PtxModule.Parse(text).Lower(entry);
            CompiledKernel kernel = KernelCompiler.Compile(function, quality, variant);
            return (FrameKind.Compiled, CompileProtocol.EncodeKernel(kernel));
        }
        catch (PtxException refusal)
        {
            return (FrameKind.Refused, CompileProtocol.EncodeRefusal(refusal));
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // A mistake in the compiler, found before LLVM: the kernel fails, the service goes on.
            Console.Error.WriteLine($"kernel {entry}: {e}");
            return (FrameKind.Failed, Encoding.UTF8.GetBytes($"The compiler failed on kernel '{entry}': {e.Message}"));
        }
    }

    private static void EndProcess(string entry, TimeSpan limit)
    {
        Console.Error.WriteLine($"kernel {entry}: compiling took longer than {limit.TotalSeconds} s; the service ends");
        Environment.Exit(3);
    }
}
