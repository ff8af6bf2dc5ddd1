using System.CommandLine;
using Weir.Protocol.Rest;

namespace Weir.Cli.Pool.Jobs;

/// <summary>`weir submit JOB.yaml` and `weir submit --gpus 1 -- COMMAND`.</summary>
internal static class SubmitCommand
{
    public static Command Create()
    {
        var claim = new ClaimOptions();
        var words = new Argument<string[]>("job")
        {
            Description = "A job file (.yaml, .yml), or the program and its arguments after --",
            Arity = ArgumentArity.OneOrMore,
        };
        var name = new Option<string?>("--name") { Description = "For people (default: the program's name)." };
        var directory = new Option<string?>("--workdir") { Description = "Working directory (default: this one)." };
        var environment = new Option<string[]>("--env") { Description = "NAME=VALUE (may be repeated)." };
        var cpus = ClaimOptions.Parsed("--cpus", "CPUs, e.g. 2 or 0.5.", text => (int?)Quantities.Processors(text));
        var hostMemory = ClaimOptions.Parsed(
            "--host-mem",
            "Host memory, e.g. 4GiB.",
            text => (long?)Quantities.Bytes(text)
        );
        var runOn = new Option<string?>("--run-on")
        {
            Description = "Node that the process runs on (default: where its first device is).",
        };
        var time = ClaimOptions.Parsed("--time", "Time limit, e.g. 2h.", text => (long?)Quantities.Milliseconds(text));
        var retries = new Option<int>("--retries") { Description = "How often it is tried again after a failure." };
        var requeue = new Option<bool>("--requeue")
        {
            Description =
                "It may be stopped for others and is queued again then; it may use more than its project's quota.",
        };
        var array = new Option<int>("--array") { Description = "So many copies, each with WEIR_ARRAY_INDEX." };
        var after = new Option<string[]>("--after")
        {
            Description = "Start after this workload has succeeded (may be repeated).",
        };
        var image = new Option<string?>("--image") { Description = "Container image." };
        var output = OutputFormat.Option();
        var command = new Command("submit", "Queue a batch workload; it starts when there is room.")
        {
            words,
            name,
            directory,
            environment,
            cpus,
            hostMemory,
            runOn,
            time,
            retries,
            requeue,
            array,
            after,
            image,
            output,
        };
        claim.AddTo(command, waits: false);
        return command.Does(
            async (parsed, client, _) =>
            {
                string[] given = parsed.GetValue(words)!;
                var request =
                    given is [var file]
                    && (
                        file.EndsWith(".yaml", StringComparison.Ordinal)
                        || file.EndsWith(".yml", StringComparison.Ordinal)
                    )
                        ? JobFile.Read(file)
                        : new WorkloadRequest { Command = given, Directory = Environment.CurrentDirectory };
                request = request with
                {
                    Name = parsed.GetValue(name) ?? request.Name,
                    Directory = parsed.GetValue(directory) ?? request.Directory,
                    Environment = Merge(request.Environment, parsed.GetValue(environment)!),
                    ProcessorsMilli = parsed.GetValue(cpus) ?? request.ProcessorsMilli,
                    HostMemoryBytes = parsed.GetValue(hostMemory) ?? request.HostMemoryBytes,
                    RunOn = parsed.GetValue(runOn) ?? request.RunOn,
                    TimeLimitMs = parsed.GetValue(time) ?? request.TimeLimitMs,
                    Retries = parsed.GetResult(retries) is { Implicit: false }
                        ? parsed.GetValue(retries)
                        : request.Retries,
                    Requeue = parsed.GetValue(requeue) || request.Requeue,
                    Array = parsed.GetResult(array) is { Implicit: false } ? parsed.GetValue(array) : request.Array,
                    After = parsed.GetValue(after) is { Length: > 0 } others ? others : request.After,
                    Image = parsed.GetValue(image) ?? request.Image,
                    Claim = claim.Used(parsed) ? claim.Read(parsed, null) with { Boot = null } : request.Claim,
                };
                if (request.Claim is null && claim.Stray(parsed) is { } stray and not "--project")
                {
                    throw new PoolException($"{stray} is for devices of the pool: give --gpus too");
                }
                var submitted = await client.PostAsync(
                    "v1/workloads",
                    request,
                    RestJson.Default.WorkloadRequest,
                    RestJson.Default.SubmitView
                );
                if (parsed.GetValue(output) == "json")
                {
                    return PoolCommand.Json(submitted, RestJson.Default.SubmitView);
                }
                Console.WriteLine(submitted.Id);
                return ExitCodes.Success;
            }
        );
    }

    private static IReadOnlyDictionary<string, string>? Merge(IReadOnlyDictionary<string, string>? file, string[] given)
    {
        if (given.Length == 0)
        {
            return file;
        }
        Dictionary<string, string> merged = new(file ?? new Dictionary<string, string>());
        foreach (string pair in given)
        {
            int equals = pair.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0)
            {
                throw new PoolException($"--env {pair} is not understood: write NAME=VALUE");
            }
            merged[pair[..equals]] = pair[(equals + 1)..];
        }
        return merged;
    }
}
