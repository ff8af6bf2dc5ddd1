using System.Runtime.InteropServices;
using System.Text.Json;
using Weir.Posix;
using Weir.Remote;
using Weir.Remote.Control;
using Weir.Remote.Leases;
using Weir.Remote.Workers;
using Weir.Wire;
using Weir.Worker.Brokering;
using Weir.Worker.Logging;
using Weir.Worker.Relaying;
using Weir.Worker.Sessions;
using Libc = Weir.Posix.Libc;

namespace Weir.Worker.Leasing;

/// <summary>
/// Stands beside a program that runs on a lease: takes its clients' connections and has the shards' agents make workers ready for them. A client on
/// the worker's own node goes there itself; for another node it gets a relay. It ends when the program has ended and no session is open.
/// </summary>
internal sealed unsafe class LeaseBroker(BrokerOptions options)
{
    private const int MaxGreetings = 256;
    private const int HoldAttempts = 10;
    private static readonly TimeSpan s_holdPause = TimeSpan.FromMilliseconds(200);

    private readonly RelayPool _relays = new();
    private readonly List<ShardHolder> _shards = [];
    private int _wake = -1;
    private int _opening;

    /// <summary>Runs until its work is done; the exit code.</summary>
    public int Run()
    {
        LeaseTicket ticket = ReadTicket(options.Lease!);
        int* pair = stackalloc int[2];
        if (Libc.pipe2(pair, Libc.O_CLOEXEC | Libc.SOCK_NONBLOCK) != 0)
        {
            throw new IOException($"no pipe: errno {Libc.Errno}");
        }
        _wake = pair[1];
        var moves = new LeaseMoves(ticket, _relays, Replace);
        foreach (ShardTicket shard in ticket.Shards)
        {
            var holder = new ShardHolder(ticket, shard) { Changed = WakeUp };
            moves.Watch(holder);
            _shards.Add(holder);
            if (!holder.IsLocal || ticket.Shards.Count > 1)
            {
                _relays.Prepare();
            }
        }
        string? refusal = HoldAll();
        Loop(pair[0], refusal);
        foreach (ShardHolder shard in Shards())
        {
            shard.Dispose();
        }
        return 0;
    }

    private ShardHolder[] Shards()
    {
        lock (_shards)
        {
            return [.. _shards];
        }
    }

    private void Replace(ShardHolder one, ShardHolder other)
    {
        lock (_shards)
        {
            int index = _shards.IndexOf(one);
            if (index >= 0)
            {
                _shards[index] = other;
            }
        }
        WakeUp();
    }

    private string? HoldAll()
    {
        foreach (ShardHolder shard in Shards())
        {
            for (int attempt = 1; ; attempt++)
            {
                try
                {
                    shard.Hold();
                    break;
                }
                catch (IOException) when (attempt < HoldAttempts)
                {
                    Thread.Sleep(s_holdPause);
                }
                catch (Exception failure) when (failure is IOException or RemoteException)
                {
                    Log.Error($"{shard.Shard.Node}: {failure.Message}");
                    return $"{shard.Shard.Node}: {failure.Message}";
                }
            }
        }
        return null;
    }

    private void Loop(int woken, string? refusal)
    {
        var greetings = new List<int>();
        var entries = new List<PollEntry>();
        bool programEnded = false;
        byte[] drained = new byte[64];
        while (true)
        {
            List<int> relays = _relays.Controls;
            bool isIdle =
                relays.Count == 0 && Volatile.Read(ref _opening) == 0 && Shards().Sum(shard => shard.OpenSessions) == 0;
            if (programEnded && isIdle)
            {
                return;
            }
            entries.Clear();
            entries.Add(Entry(options.Listener));
            entries.Add(Entry(programEnded ? -1 : options.Program));
            entries.Add(Entry(woken));
            entries.AddRange(relays.Select(Entry));
            int greetingsAt = entries.Count;
            entries.AddRange(greetings.Select(Entry));
            Span<PollEntry> span = CollectionsMarshal.AsSpan(entries);
            fixed (PollEntry* first = span)
            {
                if (Libc.poll(first, (ulong)span.Length, -1) < 0)
                {
                    continue;
                }
            }
            programEnded |= span[1].Returned != 0;
            if (span[2].Returned != 0)
            {
                fixed (byte* data = drained)
                {
                    _ = Libc.read(woken, data, (nuint)drained.Length);
                }
            }
            _relays.Reap();
            int[] polled = [.. greetings];
            for (int i = 0; i < polled.Length; i++)
            {
                if (span[greetingsAt + i].Returned != 0)
                {
                    _ = greetings.Remove(polled[i]);
                    Greet(polled[i], refusal);
                }
            }
            if (span[0].Returned != 0)
            {
                Accept(greetings);
            }
        }
    }

    private static PollEntry Entry(int descriptor) => new() { Descriptor = descriptor, Events = Libc.POLLIN };

    private void Accept(List<int> greetings)
    {
        int client = Libc.accept4(options.Listener, null, null, Libc.SOCK_CLOEXEC);
        if (client < 0)
        {
            return;
        }
        if (!UnixSocket.TryGetPeer(client, out PeerCredentials peer) || peer.Uid != Libc.getuid())
        {
            Log.Error($"process {peer.Pid} of user {peer.Uid} was turned away");
            _ = Libc.close(client);
            return;
        }
        if (greetings.Count >= MaxGreetings)
        {
            _ = Libc.close(greetings[0]);
            greetings.RemoveAt(0);
        }
        greetings.Add(client);
    }

    private void Greet(int client, string? refusal)
    {
        Hello hello;
        nint length = Libc.recv(client, &hello, (nuint)sizeof(Hello), Libc.MSG_PEEK | Libc.MSG_DONTWAIT);
        if (length < sizeof(Hello) || hello.Magic != Hello.ExpectedMagic)
        {
            _ = Libc.close(client);
            return;
        }
        if (refusal is not null)
        {
            RelayGreeting.Refuse(client, refusal);
            _ = Libc.close(client);
            return;
        }
        if ((hello.Flags & Hello.SnapshotOnly) != 0)
        {
            byte[] greeting = new byte[Hello.FixedBytes + Hello.MaxProgramBytes];
            _ = UnixSocket.Receive(client, greeting, out _, Libc.MSG_DONTWAIT);
            byte[] snapshot = [];
            foreach (ShardHolder shard in Shards())
            {
                snapshot = SnapshotMerge.Append(snapshot, shard.Snapshot);
            }
            _ = UnixSocket.Send(client, Welcome.Encode(new Welcome { ApiHash = hello.ApiHash }, [], snapshot));
            _ = Libc.close(client);
            return;
        }
        _ = Interlocked.Increment(ref _opening);
        _ = UnixSocket.TryGetPeer(client, out PeerCredentials peer);
        new Thread(() => Open(client, peer.Pid)) { IsBackground = true, Name = "weir-open" }.Start();
    }

    private void Open(int client, int pid)
    {
        try
        {
            ShardHolder[] shards = Shards();
            try
            {
                Open(shards, client, pid);
            }
            catch (RemoteException) when (shards.Any(shard => shard.IsLeft))
            {
                // The lease has moved meanwhile.
                Open(Shards(), client, pid);
            }
        }
        catch (Exception failure) when (failure is IOException or RemoteException)
        {
            Log.Error($"no session for process {pid}: {failure.Message}");
            RelayGreeting.Refuse(client, failure.Message);
        }
        finally
        {
            _ = Libc.close(client);
            _ = Interlocked.Decrement(ref _opening);
            WakeUp();
        }
    }

    private void Open(ShardHolder[] shards, int client, int pid)
    {
        string program = ClientProgram.Describe(pid).Path;
        if (shards is [{ IsLocal: true } here])
        {
            here.HandOver(here.OpenSession(pid, program, remote: false), client, pid);
            return;
        }
        // Workers of several nodes are joined by the relay, which speaks to that of this node as to the others.
        List<RelayedShard> relayed = [];
        foreach (ShardHolder shard in shards)
        {
            SessionOffer offer = shard.OpenSession(pid, program, remote: true);
            relayed.Add(new RelayedShard(shard.Shard.Address, offer));
        }
        _relays.Serve(new RelayOrder(relayed), client);
    }

    private void WakeUp()
    {
        byte nothing = 0;
        _ = Libc.write(_wake, &nothing, 1);
    }

    private static LeaseTicket ReadTicket(string path)
    {
        try
        {
            LeaseTicket? ticket = JsonSerializer.Deserialize(File.ReadAllBytes(path), RemoteJson.Default.LeaseTicket);
            return ticket is { Version: 1, Shards.Count: > 0 }
                ? ticket
                : throw new FormatException($"{path} is no lease ticket of a version that is known here");
        }
        catch (Exception failure) when (failure is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new FormatException($"the lease ticket {path} cannot be read: {failure.Message}", failure);
        }
    }
}
