using System.Buffers.Text;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Weir.Posix;
using Weir.Remote;
using Weir.Remote.Control;
using Weir.Remote.Leases;
using Weir.Remote.Links;
using Weir.Remote.Secure;
using Weir.Worker.Logging;

namespace Weir.Worker.LoneNode;

/// <summary>
/// A node without agent and controller: one lease, written to a file at the start, for whoever has it; workers are started as clients come.
/// For measurements and tests of the transport, and for lending a device to one other machine without a pool.
/// </summary>
internal sealed class LoneNodeProcess(LoneNodeOptions options)
{
    private static readonly TimeSpan s_prefaceLimit = TimeSpan.FromSeconds(10);

    private readonly X509Certificate2 _certificate = PinnedTls.CreateCertificate();
    private string _secret = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
    private readonly LoneWorkers _workers = new(options);

    /// <summary>Runs until it is ended; the exit code.</summary>
    public int Run()
    {
        using var listener = new Socket(SocketType.Stream, ProtocolType.Tcp);
        IPEndPoint address = IPEndPoint.Parse(options.Listen);
        listener.Bind(address);
        listener.Listen(128);
        _workers.Prepare();
        WriteTicket(address.Address, ((IPEndPoint)listener.LocalEndPoint!).Port);
        while (true)
        {
            using Socket accepted = listener.Accept();
            int descriptor = Libc.fcntl((int)accepted.Handle, Libc.F_DUPFD_CLOEXEC, 3);
            if (descriptor >= 0)
            {
                new Thread(() => Take(descriptor)) { IsBackground = true }.Start();
            }
        }
    }

    private void WriteTicket(IPAddress host, int port)
    {
        int devices = Math.Max(1, options.Devices);
        LeaseTicket? with = options.With is { } other
            ? JsonSerializer.Deserialize(File.ReadAllBytes(other), RemoteJson.Default.LeaseTicket)
            : null;
        _secret = with?.Secret ?? _secret;
        var ticket = new LeaseTicket(
            1,
            with?.Lease ?? "l-lone",
            1,
            _secret,
            [
                .. with?.Shards ?? [],
                new ShardTicket(
                    Environment.MachineName,
                    string.Create(CultureInfo.InvariantCulture, $"{host}:{port}"),
                    PinnedTls.Fingerprint(_certificate),
                    null,
                    [.. Enumerable.Range(0, devices).Select(ordinal => new DeviceTicket("", ordinal, 100, 0))]
                ),
            ]
        );
        string path = options.Ticket + ".new";
        var mode = new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        };
        using (var file = new FileStream(path, mode))
        {
            JsonSerializer.Serialize(file, ticket, RemoteJson.Default.LeaseTicket);
        }
        File.Move(path, options.Ticket, overwrite: true);
    }

    private void Take(int descriptor)
    {
        Tcp.Tune(descriptor);
        var transport = new DescriptorStream(descriptor);
        using var limit = new Timer(_ => transport.Cut(), null, s_prefaceLimit, Timeout.InfiniteTimeSpan);
        try
        {
            byte[] words = new byte[Preface.Bytes];
            transport.ReadExactly(words);
            if (!Preface.TryDecode(words, out Preface preface, out string reason))
            {
                throw new RemoteException(reason);
            }
            if (!preface.IsControl)
            {
                _workers.HandOver(preface.Routing, descriptor);
                transport.Dispose();
                return;
            }
            SslStream secure = PinnedTls.Accept(transport, _certificate);
            _ = limit.Change(Timeout.Infinite, Timeout.Infinite);
            using var channel = new ControlChannel(secure);
            Serve(channel);
        }
        catch (Exception failure) when (failure is IOException or RemoteException or AuthenticationException)
        {
            Log.Error($"a connection ended: {failure.Message}");
            transport.Dispose();
        }
    }

    private void Serve(ControlChannel channel)
    {
        if (
            channel.Receive(out _) is not HoldLease hold
            || hold.Version != ControlChannel.Version
            || !CryptographicOperations.FixedTimeEquals(
                System.Text.Encoding.UTF8.GetBytes(hold.Secret),
                System.Text.Encoding.UTF8.GetBytes(_secret)
            )
        )
        {
            channel.Send(new Refused(0, "the lease is not one of this node"));
            return;
        }
        channel.Send(new LeaseHeld(options.GraceSeconds, _workers.Snapshot));
        while (channel.Receive(out _) is { } message)
        {
            if (message is OpenSession { Remote: true } open)
            {
                ControlMessage answer = _workers.TryOffer(open) is { } offer
                    ? new SessionOffered(open.Request, offer)
                    : new Refused(open.Request, "a worker could not be started");
                channel.Send(answer);
            }
        }
    }
}
