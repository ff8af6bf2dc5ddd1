using System.CommandLine;
using System.Globalization;
using System.Text.Json.Serialization;
using Spectre.Console;
using Weir.Protocol.Rest;

namespace Weir.Cli.Pool.Nodes;

/// <summary>`weir top`: devices and sessions, live.</summary>
internal static class TopCommand
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    public static Command Create()
    {
        var once = new Option<bool>("--once") { Description = "Show it once and end." };
        var output = OutputFormat.Option();
        return new Command("top", "Watch devices and sessions, live.") { once, output }.Does(
            async (parsed, client, cancellation) =>
            {
                if (parsed.GetValue(output) == "json")
                {
                    return PoolCommand.Json(await ReadAsync(client), TopJson.Default.TopView);
                }
                if (parsed.GetValue(once) || Console.IsOutputRedirected)
                {
                    AnsiConsole.Write(Draw(await ReadAsync(client)));
                    return ExitCodes.Success;
                }
                await AnsiConsole
                    .Live(Draw(await ReadAsync(client)))
                    .AutoClear(true)
                    .StartAsync(async live =>
                    {
                        while (!cancellation.IsCancellationRequested)
                        {
                            await Task.Delay(Every, cancellation)
                                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                            live.UpdateTarget(Draw(await ReadAsync(client)));
                        }
                    });
                return ExitCodes.Success;
            }
        );
    }

    private static async Task<TopView> ReadAsync(ControllerClient client) =>
        new(
            await client.GetAsync("v1/devices", RestJson.Default.DeviceViewArray),
            await client.GetAsync("v1/sessions", RestJson.Default.SessionViewArray)
        );

    private static Grid Draw(TopView view)
    {
        var devices = new Table { Border = TableBorder.Simple };
        devices.AddColumns("device", "node", "state", "busy", "promised", "memory used", "memory promised", "leases");
        foreach (var device in view.Devices)
        {
            devices.AddRow(
                Markup.Escape($"{PoolCommand.Short(device.Uuid)} {device.Model}"),
                Markup.Escape($"{device.Node}/{device.Ordinal}"),
                Markup.Escape(device.State),
                Bar(device.ComputeUsed),
                Bar(device.ComputeGranted),
                Bar(Percent(device.MemoryUsed, device.MemoryBytes)),
                Bar(Percent(device.MemoryGranted, device.MemoryBytes)),
                $"{device.Leases}"
            );
        }
        var sessions = new Table { Border = TableBorder.Simple };
        sessions.AddColumns("session", "user", "program", "busy", "memory", "launches", "age");
        foreach (var session in view.Sessions.OrderByDescending(session => session.ComputeUsed).Take(20))
        {
            sessions.AddRow(
                Markup.Escape(session.Id),
                Markup.Escape(session.User),
                Markup.Escape(session.Program),
                string.Create(CultureInfo.InvariantCulture, $"{session.ComputeUsed:0} %"),
                Sizes.Text((ulong)session.MemoryUsed),
                $"{session.Launches}",
                PoolCommand.Ago(session.StartedAt)
            );
        }
        return new Grid().AddColumn().AddRow(devices).AddRow(sessions);
    }

    private static double Percent(long part, long whole) => whole > 0 ? 100.0 * part / whole : 0;

    private static string Bar(double percent)
    {
        int full = (int)Math.Round(Math.Clamp(percent, 0, 100) / 10);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{new string('█', full)}{new string('░', 10 - full)} {percent, 3:0} %"
        );
    }
}

/// <summary>What `weir top` shows.</summary>
internal sealed record TopView(DeviceView[] Devices, SessionView[] Sessions);

/// <summary>JSON, generated at build time.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull
)]
[JsonSerializable(typeof(TopView))]
internal sealed partial class TopJson : JsonSerializerContext;
