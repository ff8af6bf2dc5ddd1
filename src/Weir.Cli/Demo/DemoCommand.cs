using System.CommandLine;
using Spectre.Console;

namespace Weir.Cli.Demo;

/// <summary>`weir demo`: real programs on Weir's device, each checked against a reference on the CPU.</summary>
internal static class DemoCommand
{
    public static Command Create()
    {
        var quick = new Option<bool>("--quick") { Description = "Small, short videos." };
        var device = new Option<string>("--device")
        {
            Description = "auto: the real driver where there is one, else software; or force one.",
            DefaultValueFactory = _ => "auto",
        };
        device.AcceptOnlyFromAmong("auto", "software", "cuda");
        var command = new Command(
            "demo",
            "Run ffmpeg's CUDA filters and three small CUDA programs, and check what they computed."
        )
        {
            quick,
            device,
        };
        command.SetAction(parsed => Run(parsed.GetValue(quick), parsed.GetValue(device)!));
        return command;
    }

    private static int Run(bool quick, string device)
    {
        if (Artifacts.Find() is not { } artifacts)
        {
            Console.Error.WriteLine("weir: the published parts are missing; run ./weir build or set WEIR_ARTIFACTS.");
            return ExitCodes.CannotStart;
        }
        string folder = Path.Combine(
            Environment.GetEnvironmentVariable("WEIR_ROOT") ?? Environment.CurrentDirectory,
            ".weir",
            "demo"
        );
        Directory.CreateDirectory(folder);
        var client = new ClientProgram(artifacts, device, folder);
        VideoFormat format = quick ? VideoFormat.Quick : VideoFormat.Full;

        List<DemoOutcome> outcomes = [];
        foreach (string name in SampleProgram.Names)
        {
            Show(outcomes, name, () => SampleProgram.Run(name, client));
        }
        foreach (VideoChain chain in VideoChain.All)
        {
            Show(outcomes, chain.Name, () => chain.Run(client, format));
        }
        string? picture = outcomes.TrueForAll(outcome => outcome.Passed) ? BeforeAndAfter.Write(folder, format) : null;

        Output().Write(DemoTable.Render(outcomes));
        foreach (DemoOutcome outcome in outcomes.Where(outcome => outcome.Trouble is not null))
        {
            Console.WriteLine($"{outcome.Program}: {outcome.Trouble}");
        }
        if (picture is not null)
        {
            Console.WriteLine($"before and after: {picture}");
        }
        return outcomes.TrueForAll(outcome => outcome.Passed) ? ExitCodes.Success : ExitCodes.Failure;
    }

    // Into a file or a pipe goes plain text, wide enough that no line is broken.
    private static IAnsiConsole Output()
    {
        IAnsiConsole console = AnsiConsole.Create(
            new AnsiConsoleSettings { Ansi = Console.IsOutputRedirected ? AnsiSupport.No : AnsiSupport.Detect }
        );
        if (Console.IsOutputRedirected)
        {
            console.Profile.Width = 160;
        }
        return console;
    }

    // Progress goes to stderr, and only to a person.
    private static void Show(List<DemoOutcome> outcomes, string name, Func<DemoOutcome> run)
    {
        bool person = !Console.IsErrorRedirected;
        if (person)
        {
            Console.Error.Write($"{name} … ");
        }
        DemoOutcome outcome = run();
        outcomes.Add(outcome);
        if (person)
        {
            Console.Error.Write($"\r{new string(' ', name.Length + 3)}\r");
        }
    }
}
