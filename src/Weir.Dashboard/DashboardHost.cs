using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Weir.Dashboard.Access;
using Weir.Dashboard.Pool;

namespace Weir.Dashboard;

/// <summary>Pages about a pool: asks its controller over REST, and is a process of its own, so that nothing that it does touches the pool.</summary>
internal static class DashboardHost
{
    private const string Help =
        "weir-dashboard --listen ADDRESS:PORT --socket CONTROLLER.sock [--controller HOST:PORT]: `weir up` starts it";

    /// <summary>Serves until it is told to stop; says "ready ADDRESS KEY" when it does.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        var options = Options(args);
        if (options is null || !IPEndPoint.TryParse(options.Value.Listen, out IPEndPoint? endpoint))
        {
            await Console.Error.WriteLineAsync(Help);
            return 2;
        }
        await using WebApplication app = Build(
            endpoint,
            new PoolAddress(options.Value.Socket, options.Value.Controller)
        );
        try
        {
            await app.StartAsync();
        }
        catch (IOException taken)
        {
            await Console.Error.WriteLineAsync(
                $"the dashboard cannot listen on {options.Value.Listen}: {taken.Message}"
            );
            return 1;
        }
        string address = app
            .Services.GetRequiredService<IServer>()
            .Features.Get<IServerAddressesFeature>()!
            .Addresses.First();
        Console.WriteLine($"ready {address} {app.Services.GetRequiredService<Logins>().Key}");
        await app.WaitForShutdownAsync();
        return 0;
    }

    private static WebApplication Build(IPEndPoint endpoint, PoolAddress pool)
    {
        var builder = WebApplication.CreateBuilder(
            new WebApplicationOptions
            {
                ContentRootPath = AppContext.BaseDirectory,
                EnvironmentName = "Production",
                ApplicationName = typeof(DashboardHost).Assembly.GetName().Name,
            }
        );
        builder.Logging.ClearProviders();
        builder.Logging.AddSimpleConsole(console => console.SingleLine = true);
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(endpoint, listen => listen.Protocols = HttpProtocols.Http1);
        });
        builder.Services.AddRazorComponents();
        builder.Services.AddSingleton(pool);
        builder.Services.AddSingleton<Logins>();
        builder.Services.AddSingleton<Answers>();
        builder.Services.AddScoped<PoolSession>();
        WebApplication app = builder.Build();
        app.Use(LoginGate.InvokeAsync);
        app.UseAntiforgery();
        app.MapStaticAssets();
        LoginGate.Map(app);
        Actions.Map(app);
        app.MapRazorComponents<App>();
        return app;
    }

    private static (string Listen, string? Socket, string? Controller)? Options(string[] args)
    {
        string listen = "127.0.0.1:0";
        string? socket = null;
        string? controller = null;
        for (int i = 0; i + 1 < args.Length; i += 2)
        {
            switch (args[i])
            {
                case "--listen":
                    listen = args[i + 1];
                    break;
                case "--socket":
                    socket = args[i + 1];
                    break;
                case "--controller":
                    controller = args[i + 1];
                    break;
                default:
                    return null;
            }
        }
        return args.Length % 2 == 0 && (socket ?? controller) is not null ? (listen, socket, controller) : null;
    }
}
