using System.CommandLine;
using System.Globalization;
using Weir.Cli.Pool;
using Weir.Cli.Pool.Programs;

namespace Weir.Cli.Run;

/// <summary>
/// `weir run -- PROGRAM ARGS…`. The work is done by the native launcher (`weir-worker --launch`), which this process
/// becomes: a managed runtime would change signal dispositions and take its time.
/// </summary>
internal static class RunCommand
{
    public static Command Create()
    {
        var device = new Option<string>("--device")
        {
            Description = "auto: the real driver where there is one, else software; or force one.",
            DefaultValueFactory = _ => "auto",
        };
        device.AcceptOnlyFromAmong("auto", "software", "cuda");
        var claim = new ClaimOptions();
        var threads = new Option<int?>("--threads")
        {
            Description = "Threads of the software device (default: all cores).",
        };
        var report = new Option<string?>("--report")
        {
            Description = "Write the session summaries (JSON, one per line) to this file.",
        };
        var oversubscribe = new Option<string?>("--oversubscribe")
        {
            Description = "Let the program use more than this machine's software device has, e.g. 1.8 times as much.",
        };
        var check = new Option<bool>("--check")
        {
            Description =
                "Look at every access of kernels to memory (software device; slow) and tell at the end what was wrong. Exit code 1 when "
                + "something was and the program's own is 0.",
        };
        var profile = new Option<string?>("--profile")
        {
            Description =
                "Tell at the end what each kernel did (software device), and write a trace for chrome://tracing or ui.perfetto.dev to this file.",
        };
        var snapshots = new Option<string?>("--snapshot-every")
        {
            Description =
                "Write the program's accelerator state into an image this often (30s, 5m). When its worker dies, it goes on from the "
                + "last one in another worker; what becomes of calls since then says --on-loss.",
        };
        var onLoss = new Option<string?>("--on-loss")
        {
            Description =
                "What becomes of calls since the last image when the worker dies. fail: the program's contexts end with an error (default). replay: "
                + "a log of them is kept and they are done again (with images every 30 s where --snapshot-every says nothing else).",
        };
        onLoss.AcceptOnlyFromAmong("replay", "fail");
        var from = new Option<string?>("--from")
        {
            Description =
                "Folder of an image (weir snapshot): memory that the program allocates by name (sdk/cuda/weir_session.h) and variables of its modules "
                + "have their content from there.",
        };
        var program = new Argument<string[]>("program")
        {
            Description = "The program and its arguments, after --",
            Arity = ArgumentArity.OneOrMore,
        };
        var command = new Command(
            "run",
            "Run a program with Weir's accelerator in front of it: with --gpus or --template slices of the pool, otherwise "
                + "this machine's own device.\n\n"
                + "Process id, exit code, signals, stdin and stdout are the program's own. 127: program not found, "
                + "126: not executable, 125: Weir could not start."
        )
        {
            device,
            threads,
            oversubscribe,
            report,
            check,
            profile,
            snapshots,
            onLoss,
            from,
            program,
        };
        claim.AddTo(command);
        command.SetAction(
            async (parsed, _) =>
            {
                string[] words = parsed.GetValue(program)!;
                if (claim.Used(parsed) && parsed.GetValue(oversubscribe) is not null)
                {
                    await Console.Error.WriteLineAsync(
                        "weir: --oversubscribe is for this machine's own device; in a pool it is set on the nodes (weir join --oversubscribe)"
                    );
                    return ExitCodes.Usage;
                }
                bool observes = parsed.GetValue(check) || parsed.GetValue(profile) is not null;
                if (observes && (claim.Used(parsed) || parsed.GetValue(device) == "cuda"))
                {
                    await Console.Error.WriteLineAsync(
                        "weir: --check and --profile are for this machine's software device: leave --gpus and --device cuda out"
                    );
                    return ExitCodes.Usage;
                }
                if (parsed.GetValue(check) && parsed.GetValue(profile) is not null)
                {
                    await Console.Error.WriteLineAsync(
                        "weir: --check or --profile, one at a time: checked code is too slow to be measured"
                    );
                    return ExitCodes.Usage;
                }
                if (claim.Used(parsed))
                {
                    string[] rest = parsed.GetValue(report) is { } file ? ["--report", file] : [];
                    return await LeasedProgram.RunAsync(claim.Read(parsed, words[0]), words, rest);
                }
                if (claim.Stray(parsed) is { } stray)
                {
                    await Console.Error.WriteLineAsync($"weir: {stray} is for devices of the pool: give --gpus too");
                    return ExitCodes.Usage;
                }
                return RunHere(parsed);
            }
        );
        return command;

        int RunHere(ParseResult parsed)
        {
            if (Artifacts.Find() is not { } artifacts)
            {
                Console.Error.WriteLine(Artifacts.Missing);
                return ExitCodes.CannotStart;
            }
            List<string> line = [artifacts.Worker, "--launch", "--device", parsed.GetValue(device)!];
            Add("--mem", parsed.GetValue(claim.Memory)?.ToString(CultureInfo.InvariantCulture));
            Add("--threads", parsed.GetValue(threads)?.ToString());
            Add("--oversubscribe", parsed.GetValue(oversubscribe));
            Add("--report", parsed.GetValue(report));
            Add("--snapshot-every", parsed.GetValue(snapshots));
            Add("--on-loss", parsed.GetValue(onLoss));
            Add("--from", parsed.GetValue(from));
            if (parsed.GetValue(check) || parsed.GetValue(profile) is not null)
            {
                return ObservedRun.Run(
                    artifacts.Worker,
                    line.Skip(1),
                    parsed.GetValue(program)!,
                    parsed.GetValue(check),
                    parsed.GetValue(profile) ?? ""
                );
            }
            line.Add("--");
            line.AddRange(parsed.GetValue(program)!);
            return ProcessImage.Replace(artifacts.Worker, line);

            void Add(string name, string? value)
            {
                if (value is not null)
                {
                    line.Add(name);
                    line.Add(value);
                }
            }
        }
    }
}
