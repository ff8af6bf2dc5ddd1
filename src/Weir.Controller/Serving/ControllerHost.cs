using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Weir.Controller.Access;
using Weir.Controller.Findings;
using Weir.Controller.Leases;
using Weir.Controller.Metering;
using Weir.Controller.Nodes;
using Weir.Controller.Placement;
using Weir.Controller.Queue;
using Weir.Controller.Rest;
using Weir.Controller.Sessions;
using Weir.Controller.State;
using Weir.Controller.Store;
using Weir.Controller.Workloads;
using Weir.Metering.Usage;
using Weir.Protocol.Rest;

namespace Weir.Controller.Serving;

/// <summary>A running controller: everything is put together here, in the order in which it depends on each other.</summary>
internal sealed class ControllerHost : IAsyncDisposable
{
    private static readonly TimeSpan TickEvery = TimeSpan.FromMilliseconds(250);
    private const int ClockSlackMs = 60_000;
    private const long IdleGraceMs = 10 * 60_000;

    private readonly Database _database;
    private readonly CommitQueue _commits;
    private readonly History _history;
    private readonly WebApplication _web;
    private readonly UsageStore _usage;
    private readonly FindingService _findings;
    private readonly Telemetry? _telemetry;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _ticking;

    private ControllerHost(
        Database database,
        CommitQueue commits,
        History history,
        WebApplication web,
        LeaseTimers timers,
        MeteringService metering,
        UsageStore usage,
        FindingService findings,
        Telemetry? telemetry,
        ControllerIdentity identity,
        ClusterState state,
        Books books
    )
    {
        _database = database;
        _commits = commits;
        _history = history;
        _web = web;
        Identity = identity;
        State = state;
        Books = books;
        _usage = usage;
        _findings = findings;
        _telemetry = telemetry;
        Metering = metering;
        _ticking = Task.WhenAll(
            TickAsync(timers),
            metering.RunAsync(_stopping.Token),
            findings.RunAsync(_stopping.Token)
        );
    }

    public ControllerIdentity Identity { get; }

    public ClusterState State { get; }

    public Books Books { get; }

    public CommitQueue Commits => _commits;

    public MeteringService Metering { get; }

    public FindingService Findings => _findings;

    /// <summary>Starts a controller; throws <see cref="StoreException"/> with what to do when it cannot.</summary>
    public static Task<ControllerHost> StartAsync(ControllerOptions options) =>
        StartAsync(
            options,
            Database.Of(options.Database ?? Path.Combine(options.StateFolder, "weir.db")),
            TimeProvider.System
        );

    /// <summary>Starts a controller on a store and by a clock.</summary>
    public static async Task<ControllerHost> StartAsync(ControllerOptions options, Database database, TimeProvider time)
    {
        Directory.CreateDirectory(
            options.StateFolder,
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        );
        database.Claim();
        StoreSession? session = null;
        try
        {
            session = new StoreSession(database.Open());
            Migrations.Apply(session.Connection, database.Place);
            var state = StoreReader.Load(session);
            var clock = new ControllerClock(time);
            CheckClock(session, clock, options, database);
            return await ServeAsync(options, database, session, state, clock);
        }
        catch (Exception error)
        {
            session?.Dispose();
            database.Dispose();
            throw database.Unavailable(error) is { } what && error is not StoreException
                ? new StoreException(what, error)
                : error;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        foreach (var node in State.Nodes.Values)
        {
            node.Link?.Close("the controller stops");
        }
        await _web.StopAsync(new CancellationTokenSource(TimeSpan.FromSeconds(3)).Token);
        await _web.DisposeAsync();
        await _ticking;
        _commits.Dispose();
        _history.Dispose();
        _usage.Dispose();
        _findings.Dispose();
        _telemetry?.Dispose();
        _database.Dispose();
        _stopping.Dispose();
    }

    private static void CheckClock(
        StoreSession session,
        ControllerClock clock,
        ControllerOptions options,
        Database database
    )
    {
        if (
            !options.AcceptClock
            && long.TryParse(StoreReader.Meta(session, "clock"), out long last)
            && clock.Now < last - ClockSlackMs
        )
        {
            throw new StoreException(
                $"this machine's clock says {Text(clock.Now)}, and {database.Place} was written at {Text(last)}: set the clock (or start with --accept-clock if it is right now), or leases and tokens would live for too long"
            );
        }
        static string Text(long ms) =>
            DateTimeOffset
                .FromUnixTimeMilliseconds(ms)
                .ToString("yyyy-MM-dd HH:mm:ss 'UTC'", System.Globalization.CultureInfo.InvariantCulture);
    }

    private static async Task<ControllerHost> ServeAsync(
        ControllerOptions options,
        Database database,
        StoreSession session,
        ClusterState state,
        ControllerClock clock
    )
    {
        var certificate = ControllerCertificate.LoadOrCreate(options.StateFolder);
        string fingerprint = Convert.ToHexStringLower(SHA256.HashData(certificate.RawData));
        var builder = Builder(options, certificate);
        var web = builder.Build();
        var log = web.Services.GetRequiredService<ILoggerFactory>().CreateLogger("weir");

        string incarnation = Identifiers.New("c");
        var commits = new CommitQueue(database, session, log);
        var history = new History(database);
        var audit = new AuditLog(state, commits, clock);
        var tokens = new TokenService(state, commits, clock, audit, fingerprint);
        var leases = new LeaseService(state, commits, clock, audit);
        var outputs = new OutputStore(Path.Combine(options.StateFolder, "output"));
        var workloads = new WorkloadService(state, commits, clock, audit, leases, outputs);
        var books = new Books(state, clock);
        var rooms = new LeaseRooms(state, commits, clock, audit, leases, books);
        var mover = new ParkingMover(state, rooms, leases, workloads, clock);
        books.Mover = mover;
        var reasons = new Reasons(state, mover);
        var events = new DecisionLog(state, commits, clock);
        var awaited = new AwaitedStarts(state, books);
        var queue = new QueueService(
            state,
            books,
            leases,
            workloads,
            rooms,
            mover,
            awaited,
            new WorkloadIntake(state, books, awaited),
            reasons,
            events,
            clock,
            log
        );
        var travels = new LeaseMoves(state, commits, clock, audit, leases, books);
        var moves = new SessionService(state, clock, audit, travels);
        leases.RoomChanged = queue.RoomChanged;
        leases.Freed = queue.Serve;
        rooms.Wanted = queue.Return;
        rooms.Stays = queue.Stays;
        leases.Ended = lease =>
        {
            travels.Ended(lease);
            books.Ended(lease);
        };
        workloads.WhyNever = reasons.WhyNever;
        var metered = new UsageStore(database.Beside(UsageStore.Name));
        var meter = new UsageMeter(state, new UsageBook(IdleGraceMs));
        var (markedSessions, markedSlices) = metered.Marks();
        meter.Book.Load(markedSessions, markedSlices);
        var watch = new DeviceWatch(state, commits, clock);
        var prices = new PriceBook(state, commits, audit);
        var findingPolicy = new FindingPolicy(state, commits, audit);
        _ = history.Read(store =>
        {
            watch.Load(store);
            prices.Load(store);
            findingPolicy.Load(store);
            return true;
        });
        var metering = new MeteringService(state, meter, metered, watch, commits, clock, log);
        var sessions = new SessionBook(state, commits, clock, rooms, meter);
        var nodes = new NodeService(
            state,
            commits,
            clock,
            audit,
            leases,
            workloads,
            sessions,
            rooms,
            moves,
            travels,
            tokens,
            incarnation,
            log
        );
        nodes.DevicesKnown = () => watch.Look();
        var timers = new LeaseTimers(state, leases, queue, commits, audit, clock, log);
        lock (state.Gate)
        {
            FirstStart(state, commits);
            foreach (var lease in state.Leases.Values)
            {
                LeaseService.AwaitAgain(lease, clock.Now, true);
            }
            travels.Load();
            queue.BringUpToDate();
            workloads.EndStrayLeases();
        }
        await commits.FlushAsync();

        var callers = new Callers(tokens);
        var late = new LateIdentity();
        web.Use(next => context => Problems.HandleAsync(context, next, log));
        web.UseRouting();
        web.MapOpenApi();
        new AgentEndpoint(nodes, log).Map(web);
        new LeaseEndpoints(state, leases, queue, moves, history, callers).Map(web);
        new NodeEndpoints(state, commits, clock, audit, leases, moves, callers).Map(web);
        new PolicyEndpoints(state, commits, audit, leases, callers).Map(web);
        var views = new QueueViews(state, books, reasons, mover, awaited);
        var rebalancer = new Rebalancer(state, books, queue, views, moves, events);
        new QueueEndpoints(state, books, queue, views, rebalancer, history, callers).Map(web);
        new WorkloadEndpoints(state, workloads, outputs, history, callers).Map(web);
        new AccessEndpoints(state, tokens, history, database, callers, late).Map(web);
        var debts = new DebtQueries(history, metered, clock, metering, () => LiveQueue.Of(state, books));
        new DebtEndpoints(state, debts, prices, clock, callers).Map(web);
        var findings = new FindingService(
            state,
            debts,
            findingPolicy,
            prices,
            leases,
            moves,
            events,
            history,
            audit,
            clock,
            log
        );
        new AdviceEndpoints(state, findings, findingPolicy, prices, clock, callers).Map(web);
        new ForecastEndpoints(state, debts, clock, callers).Map(web);
        var metrics = new MetricSnapshot(state, books, metering, clock);
        new ReportEndpoints(state, debts, findings, prices, metrics, clock, callers).Map(web);
        Telemetry? telemetry = Telemetry.Start(metrics);
        try
        {
            await web.StartAsync();
        }
        catch (IOException error)
        {
            throw new StoreException(
                $"the controller cannot listen on {options.Listen} and {options.Socket}: {error.Message}",
                error
            );
        }
        File.SetUnixFileMode(options.Socket, (UnixFileMode)0b110_110_110);
        int port = web
            .Services.GetRequiredService<IServer>()
            .Features.Get<IServerAddressesFeature>()!
            .Addresses.Where(address => address.StartsWith("https", StringComparison.Ordinal))
            .Select(address => new Uri(address.Replace("[::]", "localhost", StringComparison.Ordinal)).Port)
            .First();
        late.Value = new ControllerIdentity(
            incarnation,
            fingerprint,
            options.Address ?? $"{Reachable(options.Listen)}:{port}"
        );
        return new ControllerHost(
            database,
            commits,
            history,
            web,
            timers,
            metering,
            metered,
            findings,
            telemetry,
            late.Value,
            state,
            books
        );
    }

    private static void FirstStart(ClusterState state, CommitQueue commits)
    {
        if (!state.Pools.ContainsKey("default"))
        {
            var pool = new PoolView { Name = "default" };
            state.Pools.Add(pool.Name, pool);
            commits.Post(new StoreWrite(Writes.Pool(pool)));
        }
        if (!state.Projects.ContainsKey("default"))
        {
            var project = new ProjectView { Name = "default", Members = ["*"] };
            state.Projects.Add(project.Name, project);
            commits.Post(new StoreWrite(Writes.Project(project)));
        }
    }

    private static WebApplicationBuilder Builder(ControllerOptions options, X509Certificate2 certificate)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Logging.AddSimpleConsole(console => console.SingleLine = true);
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.Logging.AddFilter("weir", LogLevel.Information);
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 4 << 20;
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Limits.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(10);
            kestrel.Limits.Http2.KeepAlivePingTimeout = TimeSpan.FromSeconds(10);
            var (address, port) = Endpoint(options.Listen);
            kestrel.Listen(
                address,
                port,
                listen =>
                {
                    listen.Protocols = HttpProtocols.Http1AndHttp2;
                    listen.UseHttps(https => https.ServerCertificate = certificate);
                }
            );
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(options.Socket))!);
            // One that a killed controller left behind; the store's lock says that nobody else is here.
            File.Delete(options.Socket);
            kestrel.ListenUnixSocket(options.Socket, listen => listen.Protocols = HttpProtocols.Http1);
        });
        builder.Services.ConfigureHttpJsonOptions(json =>
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, RestJson.Default)
        );
        builder.Services.AddOpenApi(openApi =>
            openApi.AddDocumentTransformer(
                (document, _, _) =>
                {
                    document.Info.Title = "Weir controller";
                    // Where it was asked, which is different everywhere.
                    document.Servers = [];
                    return Task.CompletedTask;
                }
            )
        );
        return builder;
    }

    private static (IPAddress Address, int Port) Endpoint(string listen)
    {
        if (IPEndPoint.TryParse(listen, out var endpoint))
        {
            return (endpoint.Address, endpoint.Port);
        }
        throw new StoreException($"--listen {listen} is not understood: write ADDRESS:PORT, e.g. 0.0.0.0:7443");
    }

    private static string Reachable(string listen)
    {
        var address = Endpoint(listen).Address;
        return address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any)
            ? Dns.GetHostName()
            : address.ToString();
    }

    private async Task TickAsync(LeaseTimers timers)
    {
        using var timer = new PeriodicTimer(TickEvery);
        try
        {
            while (await timer.WaitForNextTickAsync(_stopping.Token))
            {
                timers.Tick();
            }
        }
        catch (OperationCanceledException)
        {
            // Stopping.
        }
    }
}
