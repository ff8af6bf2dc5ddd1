using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Spectre.Console;

namespace Weir.Cli.Bench;

/// <summary>`weir bench [SECTION…]`: every figure beside its yardstick, measured in the same run.</summary>
internal static class BenchCommand
{
    private static readonly (string Name, string What, Func<BenchPlace, IEnumerable<Figure>> Run)[] Sections =
    [
        (CallBench.Section, "calls, posts, copies, start", CallBench.Run),
        (FootprintBench.Section, "idle worker and shim", FootprintBench.Run),
        (CompileBench.Section, "first launches", CompileBench.Run),
        (KernelBench.Section, "kernels, beside PoCL", KernelBench.Run),
        (GrantBench.Section, "lease grants of the controller", GrantBench.Run),
        (SchedulingBench.Section, "replays of a public trace, decisions", SchedulingBench.Run),
        (RemoteBench.Section, "a device on another node, beside a bare SslStream", RemoteBench.Run),
        (ShareBench.Section, "programs that share a device", ShareBench.Run),
        (SessionBench.Section, "sessions that leave their device, and more memory than it has", SessionBench.Run),
        (
            MeteringBench.Section,
            "metering in the controller, detectors on generated days, forecasts on a public trace",
            MeteringBench.Run
        ),
        (OpenClBench.Section, "programs of OpenCL, beside the driver itself", OpenClBench.Run),
        (VideoBench.Section, "ffmpeg's scale_cuda, beside its own scaler", VideoBench.Run),
    ];

    public static Command Create()
    {
        var sections = new Argument<string[]>("section")
        {
            Description =
                "What to measure (default: all): " + string.Join("; ", Sections.Select(s => $"{s.Name} ({s.What})")),
            Arity = ArgumentArity.ZeroOrMore,
        };
        sections.AcceptOnlyFromAmong([.. Sections.Select(s => s.Name)]);
        var output = new Option<string>("--output")
        {
            Description = "table, markdown (as in the README) or json",
            DefaultValueFactory = _ => "table",
        };
        output.AcceptOnlyFromAmong("table", "markdown", "json");
        var command = new Command("bench", "Measure Weir on this machine, each figure beside its yardstick.")
        {
            sections,
            output,
        };
        command.SetAction(parsed => Run(parsed.GetValue(sections)!, parsed.GetValue(output)!));
        return command;
    }

    private static int Run(string[] wanted, string output)
    {
        List<Figure> figures = [];
        bool complete = true;
        foreach ((string name, string what, Func<BenchPlace, IEnumerable<Figure>> run) in Sections)
        {
            if (wanted.Length > 0 && !wanted.Contains(name))
            {
                continue;
            }
            Console.Error.WriteLine($"measuring {name}: {what} …");
            try
            {
                figures.AddRange(run(BenchPlace.Find()));
            }
            catch (BenchException e)
            {
                Console.Error.WriteLine($"weir bench: {name}: {e.Message}");
                complete = false;
            }
        }
        switch (output)
        {
            case "json":
                WriteJson(figures);
                break;
            case "markdown":
                WriteMarkdown(figures);
                break;
            default:
                WriteTable(figures);
                break;
        }
        return complete ? ExitCodes.Success : ExitCodes.Failure;
    }

    private static string Number(double value) =>
        Math.Abs(value) >= 100 ? value.ToString("N0", CultureInfo.InvariantCulture)
        : Math.Abs(value) >= 10 ? value.ToString("0.0", CultureInfo.InvariantCulture)
        : value.ToString("0.###", CultureInfo.InvariantCulture);

    private static string Value(Figure f) => $"{Number(f.Value)} {f.Unit}";

    private static string Yardstick(Figure f) =>
        f.YardstickValue is { } value ? $"{f.Yardstick}: {Number(value)} {f.Unit}" : "–";

    private static string Judged(Figure f) =>
        f.Target.Kind switch
        {
            TargetKind.AtMost => "",
            TargetKind.DifferenceAtMost => $"{(f.Judged < 0 ? "" : "+")}{Number(f.Judged)} {f.Unit}",
            TargetKind.None when f.YardstickValue is { } value => $"{f.Value / value:0.00}×",
            TargetKind.None => "",
            _ => $"{f.Judged:0.00}×",
        };

    private static string Mark(Figure f) =>
        f.Target.Kind == TargetKind.None ? ""
        : f.Reached ? "yes"
        : "no";

    private static void WriteTable(List<Figure> figures)
    {
        var table = new Table().Border(TableBorder.Rounded);
        table.AddColumns("What", "Weir", "Yardstick, same run", "Ratio", "Target", "Reached");
        foreach (Figure f in figures)
        {
            string colour = Mark(f) == "no" ? "red" : "default";
            string[] cells = [f.Name, Value(f), Yardstick(f), Judged(f), f.Target.Describe(f.Unit), Mark(f)];
            table.AddRow([.. cells.Select(c => $"[{colour}]{Markup.Escape(c)}[/]")]);
        }
        AnsiConsole.Write(table);
    }

    private static void WriteMarkdown(List<Figure> figures)
    {
        Console.WriteLine("| what | Weir | yardstick, same run | ratio | target | reached |");
        Console.WriteLine("| --- | --- | --- | --- | --- | --- |");
        foreach (Figure f in figures)
        {
            Console.WriteLine(
                $"| {f.Name} | {Value(f)} | {Yardstick(f)} | {Judged(f)} | {f.Target.Describe(f.Unit)} | {Mark(f)} |"
            );
        }
    }

    private static void WriteJson(List<Figure> figures)
    {
        using var writer = new Utf8JsonWriter(Console.OpenStandardOutput(), new JsonWriterOptions { Indented = true });
        writer.WriteStartArray();
        foreach (Figure f in figures)
        {
            writer.WriteStartObject();
            writer.WriteString("section", f.Section);
            writer.WriteString("name", f.Name);
            writer.WriteNumber("value", f.Value);
            writer.WriteString("unit", f.Unit);
            if (f.YardstickValue is { } yardstick)
            {
                writer.WriteString("yardstick", f.Yardstick);
                writer.WriteNumber("yardstickValue", yardstick);
            }
            if (f.Target.Kind != TargetKind.None)
            {
                writer.WriteString("target", f.Target.Describe(f.Unit));
                writer.WriteNumber("judged", f.Judged);
                writer.WriteBoolean("reached", f.Reached);
            }
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
        writer.Flush();
        Console.WriteLine();
    }
}
