using System.CommandLine;
using System.Text.Json.Serialization.Metadata;
using Weir.Protocol.Rest;

namespace Weir.Cli.Pool.Jobs;

/// <summary>`weir logs` and `weir cancel`.</summary>
internal static class JobsCommands
{
    public static Command CreateLogs()
    {
        var id = new Argument<string>("workload") { Description = "A workload, or an element of an array (w-….3)." };
        var follow = new Option<bool>("--follow", "-f")
        {
            Description = "Go on until it ends; ends with its exit code.",
        };
        var attempt = new Option<int?>("--attempt") { Description = "Of this try (default: the last)." };
        var output = OutputFormat.Option();
        return new Command("logs", "Print a workload's output.") { id, follow, attempt, output }.Does(
            async (parsed, client, cancellation) =>
            {
                string workload = Uri.EscapeDataString(parsed.GetValue(id)!);
                if (parsed.GetValue(output) == "json")
                {
                    using var kept = new MemoryStream();
                    await client.CopyAsync(
                        Query(workload, parsed.GetValue(follow), parsed.GetValue(attempt)),
                        kept,
                        cancellation
                    );
                    return PoolCommand.Json(
                        System.Text.Encoding.UTF8.GetString(kept.ToArray()),
                        (JsonTypeInfo<string>)LogJson.Default.String
                    );
                }
                await using var to = Console.OpenStandardOutput();
                await client.CopyAsync(
                    Query(workload, parsed.GetValue(follow), parsed.GetValue(attempt)),
                    to,
                    cancellation
                );
                if (!parsed.GetValue(follow))
                {
                    return ExitCodes.Success;
                }
                var views = await client.GetAsync($"v1/workloads/{workload}", RestJson.Default.WorkloadViewArray);
                var view = views[0];
                if (view.State != "succeeded")
                {
                    await Console.Error.WriteLineAsync($"weir: {view.Id} {view.State}: {view.Reason}");
                }
                return view.State == "succeeded" ? ExitCodes.Success
                    : view.ExitCode is { } code and not 0 ? code
                    : ExitCodes.Failure;
            }
        );
    }

    public static Command CreateCancel()
    {
        var id = new Argument<string>("workload") { Description = "A workload, an array, or an element of one." };
        var output = OutputFormat.Option();
        return new Command("cancel", "Cancel a workload.") { id, output }.Does(
            async (parsed, client, _) =>
            {
                var views = await client.DeleteAsync(
                    $"v1/workloads/{Uri.EscapeDataString(parsed.GetValue(id)!)}",
                    RestJson.Default.WorkloadViewArray
                );
                if (parsed.GetValue(output) == "json")
                {
                    return PoolCommand.Json(views, RestJson.Default.WorkloadViewArray);
                }
                foreach (var view in views)
                {
                    Console.WriteLine(
                        $"{view.Id} {(view.State is "starting" or "running" ? "is being stopped" : $"is {view.State}")}"
                    );
                }
                return ExitCodes.Success;
            }
        );
    }

    private static string Query(string workload, bool follow, int? attempt) =>
        $"v1/workloads/{workload}/output?follow={(follow ? "true" : "false")}{(attempt is { } number ? $"&attempt={number}" : "")}";
}

/// <summary>JSON, generated at build time.</summary>
[System.Text.Json.Serialization.JsonSerializable(typeof(string))]
internal sealed partial class LogJson : System.Text.Json.Serialization.JsonSerializerContext;
