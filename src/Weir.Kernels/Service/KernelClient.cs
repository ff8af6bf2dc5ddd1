using System.Net.Sockets;
using System.Text;
using Weir.Kernels.Abi;
using Weir.Kernels.Ptx;

namespace Weir.Kernels.Service;

/// <summary>
/// Gives compiled kernels: from the disk cache, else from the node's compile service, which it asks to be started when
/// nobody listens. A kernel that took the service down twice is refused by name. Safe for use by several threads.
/// </summary>
/// <param name="cache">The disk cache.</param>
/// <param name="socketName">Abstract socket of the service, see <see cref="CompileAddress"/>.</param>
/// <param name="startService">Starts the service; returns when it is on its way. May be called again.</param>
/// <param name="timeout">Longest time that one compilation may take.</param>
/// <param name="variant">What the code shall do besides.</param>
public sealed class KernelClient(
    KernelCache cache,
    string socketName,
    Action startService,
    TimeSpan timeout,
    CodeVariant variant = CodeVariant.Plain
) : IDisposable
{
    private const int MaxCrashes = 2;

    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(10);

    private readonly Lock _startLock = new();
    private readonly Stack<Socket> _idle = [];

    // Threads of the service that serve these let all others go first.
    private readonly Stack<Socket> _idleInBackground = [];

    // Beside the cache's own note, which a user who may only read the cache cannot write.
    private readonly System.Collections.Concurrent.ConcurrentDictionary<string, int> _crashes = [];
    private bool _disposed;

    /// <summary>Number of kernels that were not in the disk cache.</summary>
    public long Compiled => Interlocked.Read(ref _compiled);

    private long _compiled;

    /// <summary>Finds or compiles a kernel; what comes may be replaced by better code, see <see cref="Improve"/>.</summary>
    /// <exception cref="PtxException">The kernel is malformed, unsupported, or crashed the compiler twice.</exception>
    /// <exception cref="Codegen.CodegenException">The service cannot be reached, or failed otherwise.</exception>
    public CompiledKernel Get(PtxModule module, string entry)
    {
        byte[] text = module.EntryText(entry);
        string key = KernelCache.Key(entry, text, variant);
        if (cache.Find(key) is { } known)
        {
            return known;
        }
        while (true)
        {
            int crashes = CrashesOf(key);
            if (crashes >= MaxCrashes)
            {
                throw new PtxException(
                    $"kernel '{entry}' is refused: the compiler ended {crashes} times while compiling it",
                    0,
                    unsupported: true
                );
            }
            CompiledKernel? kernel = Ask(module, entry, text, key, alone: crashes > 0, CodeQuality.Quick);
            if (kernel is not null)
            {
                cache.Add(key, kernel);
                if (crashes > 0)
                {
                    cache.ClearCrashes(key);
                }
                Interlocked.Increment(ref _compiled);
                return kernel;
            }
        }
    }

    /// <summary>
    /// Finds or compiles a kernel in its final form. Takes its time; null when the compiler ended over it, now or before, so
    /// that the kernel must stay as <see cref="Get"/> gave it.
    /// </summary>
    /// <exception cref="Codegen.CodegenException">The service cannot be reached, or failed otherwise.</exception>
    public CompiledKernel? Improve(PtxModule module, string entry)
    {
        byte[] text = module.EntryText(entry);
        string key = KernelCache.Key(entry, text, variant);
        if (cache.FindFinal(key) is { } known)
        {
            return known;
        }
        // Counted apart: a kernel whose quick code is good is not refused because better code could not be made.
        string attempt = key + "-full";
        if (CrashesOf(attempt) > 0)
        {
            return null;
        }
        CompiledKernel? kernel = Ask(module, entry, text, attempt, alone: false, CodeQuality.Full);
        if (kernel is not null)
        {
            cache.Add(key, kernel);
        }
        return kernel;
    }

    private int CrashesOf(string key) => Math.Max(cache.Crashes(key), _crashes.GetValueOrDefault(key));

    /// <summary>Closes idle connections.</summary>
    public void Dispose()
    {
        lock (_idle)
        {
            _disposed = true;
            while (_idle.TryPop(out Socket? socket) || _idleInBackground.TryPop(out socket))
            {
                socket.Dispose();
            }
        }
    }

    /// <summary>Asks the service once; null when it died and the question may be asked again.</summary>
    private CompiledKernel? Ask(
        PtxModule module,
        string entry,
        byte[] text,
        string key,
        bool alone,
        CodeQuality quality
    )
    {
        Stack<Socket> pool = quality == CodeQuality.Full ? _idleInBackground : _idle;
        Socket socket = Connect(pool);
        bool started = false;
        bool keep = false;
        try
        {
            CompileProtocol.Send(
                socket,
                FrameKind.Compile,
                CompileProtocol.EncodeRequest(entry, text, alone, quality, variant)
            );
            while (CompileProtocol.Receive(socket) is { } frame)
            {
                switch (frame.Kind)
                {
                    case FrameKind.Started:
                        started = true;
                        continue;
                    case FrameKind.Compiled:
                        keep = true;
                        return CompileProtocol.DecodeKernel(frame.Body);
                    case FrameKind.Refused:
                        keep = true;
                        PtxException refusal = CompileProtocol.DecodeRefusal(frame.Body);
                        int line = refusal.Line > 0 ? module.MapLine(entry, refusal.Line) : 0;
                        throw new PtxException(refusal.Reason, line, refusal.Unsupported);
                    case FrameKind.Failed:
                        keep = true;
                        throw new Codegen.CodegenException(Encoding.UTF8.GetString(frame.Body));
                    default:
                        throw new Codegen.CodegenException("The compile service answered something unknown.");
                }
            }
        }
        catch (SocketException e) when (e.SocketErrorCode is not (SocketError.TimedOut or SocketError.WouldBlock))
        {
            // The service died; below it is counted.
        }
        catch (SocketException)
        {
            // It hangs: as bad as a crash. The service's own watchdog ends it.
            started = true;
        }
        catch (InvalidDataException e)
        {
            throw new Codegen.CodegenException(e.Message);
        }
        finally
        {
            Return(socket, keep, pool);
        }
        if (started)
        {
            cache.AddCrash(key);
            _ = _crashes.AddOrUpdate(key, 1, static (_, count) => count + 1);
        }
        return null;
    }

    private void Return(Socket socket, bool keep, Stack<Socket> pool)
    {
        lock (_idle)
        {
            if (keep && !_disposed)
            {
                pool.Push(socket);
                return;
            }
        }
        socket.Dispose();
    }

    private Socket Connect(Stack<Socket> pool)
    {
        lock (_idle)
        {
            while (pool.TryPop(out Socket? socket))
            {
                // A service that has gone meanwhile shows as readable: the end of the stream.
                if (!socket.Poll(0, SelectMode.SelectRead))
                {
                    return socket;
                }
                socket.Dispose();
            }
        }
        if (TryConnect(pool) is { } connected)
        {
            return connected;
        }
        lock (_startLock)
        {
            if (TryConnect(pool) is { } meanwhile)
            {
                return meanwhile;
            }
            startService();
            long deadline = Environment.TickCount64 + (long)StartPatience.TotalMilliseconds;
            while (Environment.TickCount64 < deadline)
            {
                if (TryConnect(pool) is { } fresh)
                {
                    return fresh;
                }
                Thread.Sleep(5);
            }
        }
        throw new Codegen.CodegenException(
            $"The compile service does not answer on its socket '{socketName}' within {StartPatience.TotalSeconds} s of being started."
        );
    }

    private Socket? TryConnect(Stack<Socket> pool)
    {
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(CompileAddress.EndPoint(socketName));
            // Names of abstract sockets are anybody's: only a service of the same user is believed.
            if (!CompileAddress.IsPath(socketName) && CompileAddress.PeerUser(socket) != CompileAddress.User)
            {
                throw new Codegen.CodegenException($"The socket '{socketName}' belongs to another user.");
            }
            // Waiting for a turn counts too, hence twice the service's patience.
            TimeSpan patience = pool == _idleInBackground ? 2 * CompileServer.BackgroundPatience * timeout : timeout;
            socket.ReceiveTimeout = (int)(patience + TimeSpan.FromSeconds(5)).TotalMilliseconds;
            socket.SendTimeout = 30_000;
            return socket;
        }
        catch (SocketException)
        {
            socket.Dispose();
            return null;
        }
    }
}
