using System.CommandLine;
using System.Globalization;
using System.Text.Json.Serialization;
using Weir.Cli.Sessions;
using Weir.Protocol.Rest;

namespace Weir.Cli.Pool.Programs;

/// <summary>`weir ps`: sessions and workloads.</summary>
internal static class PsCommand
{
    public static Command Create()
    {
        var all = new Option<bool>("--all", "-a") { Description = "Ended ones too." };
        var output = OutputFormat.Option();
        var local = new Option<bool>("--local")
        {
            Description = "Instead those of programs that run on this machine's own device, without a pool.",
        };
        var command = new Command("ps", "List sessions and workloads.") { all, local, output };
        command.SetAction(
            (parsed, _) =>
            {
                bool isJson = parsed.GetValue(output) == "json";
                return parsed.GetValue(local)
                    ? Task.FromResult(LocalSessions.Print(isJson))
                    : PoolCommand.Guard(() => PrintPool(parsed.GetValue(all), isJson));
            }
        );
        return command;
    }

    private static async Task<int> PrintPool(bool all, bool isJson)
    {
        using var client = new ControllerClient(Login.Find());
        string query = all ? "?all=true" : "";
        var sessions = await client.GetAsync($"v1/sessions{query}", RestJson.Default.SessionViewArray);
        var workloads = await client.GetAsync($"v1/workloads{query}", RestJson.Default.WorkloadViewArray);
        if (isJson)
        {
            return PoolCommand.Json(new Activity(sessions, workloads), ActivityJson.Default.Activity);
        }
        PrintSessions(sessions);
        Console.WriteLine();
        PrintWorkloads(workloads);
        return ExitCodes.Success;
    }

    public static void PrintSessions(IEnumerable<SessionView> sessions) =>
        PoolCommand.Table(
            "No sessions.",
            ["SESSION", "USER", "PROGRAM", "PID", "LEASE", "BUSY", "MEMORY", "LAUNCHES", "AGE", "STATE"],
            sessions.Select(session =>
                (string[])
                    [
                        session.Id,
                        session.User,
                        session.Program,
                        $"{session.Process}",
                        session.Lease,
                        string.Create(CultureInfo.InvariantCulture, $"{session.ComputeUsed:0} %"),
                        Sizes.Text((ulong)session.MemoryUsed),
                        $"{session.Launches}",
                        PoolCommand.Ago(session.StartedAt),
                        session.Reason is null ? session.State : $"{session.State}: {session.Reason}",
                    ]
            )
        );

    public static void PrintWorkloads(IEnumerable<WorkloadView> workloads) =>
        PoolCommand.Table(
            "No workloads.",
            ["WORKLOAD", "NAME", "STATE", "USER", "PROJECT", "NODE", "TRY", "EXIT", "AGE", "REASON"],
            workloads.Select(workload =>
                (string[])
                    [
                        workload.Id,
                        workload.Name,
                        workload.State,
                        workload.User,
                        workload.Project,
                        workload.Node ?? "",
                        $"{workload.Attempt}",
                        workload.ExitCode is { } code ? $"{code}" : "",
                        PoolCommand.Ago(workload.SubmittedAt),
                        workload.Reason ?? "",
                    ]
            )
        );
}

/// <summary>What runs.</summary>
internal sealed record Activity(SessionView[] Sessions, WorkloadView[] Workloads);

/// <summary>JSON, generated at build time.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull
)]
[JsonSerializable(typeof(Activity))]
internal sealed partial class ActivityJson : JsonSerializerContext;
