using System.Globalization;
using Spectre.Console;

namespace Weir.Cli.Demo;

/// <summary>The table at the end of the demo.</summary>
internal static class DemoTable
{
    public static Table Render(IReadOnlyCollection<DemoOutcome> outcomes)
    {
        Table table = new Table().Border(TableBorder.Rounded);
        if (outcomes.Select(outcome => outcome.Session).FirstOrDefault(session => session is not null) is { } first)
        {
            table.Title($"on {Markup.Escape(first.Device)}");
        }
        table.AddColumn("program");
        table.AddColumn("device");
        table.AddColumn(new TableColumn("compiled").RightAligned());
        table.AddColumn(new TableColumn("launched").RightAligned());
        table.AddColumn(new TableColumn("copied").RightAligned());
        table.AddColumn(new TableColumn("time").RightAligned());
        table.AddColumn("check");
        foreach (DemoOutcome outcome in outcomes)
        {
            SessionFigures? session = outcome.Session;
            string check = Markup.Escape(outcome.Check);
            table.AddRow(
                Markup.Escape(outcome.Program),
                Markup.Escape(session?.Backend ?? "–"),
                session is null ? "–" : Compiled(session),
                session is null ? "–" : Text(session.Launches),
                session is null ? "–" : Bytes(session.BytesCopied),
                string.Create(CultureInfo.InvariantCulture, $"{outcome.Elapsed.TotalSeconds:0.00} s"),
                outcome.Passed ? $"[green]✓[/] {check}" : $"[red]✗ {check}[/]"
            );
        }
        return table;
    }

    private static string Compiled(SessionFigures session) =>
        session.KernelsCached == 0
            ? Text(session.KernelsCompiled)
            : $"{Text(session.KernelsCompiled)} + {Text(session.KernelsCached)} cached";

    private static string Text(long count) => count.ToString("N0", CultureInfo.InvariantCulture);

    private static string Bytes(long bytes) =>
        bytes < 1 << 20
            ? string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024.0:0.0} KiB")
            : string.Create(CultureInfo.InvariantCulture, $"{bytes / (1024.0 * 1024):0.0} MiB");
}
