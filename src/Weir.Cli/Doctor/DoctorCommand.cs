using System.CommandLine;
using System.Text.Json;
using Spectre.Console;

namespace Weir.Cli.Doctor;

/// <summary>`weir doctor`: is everything there that a run needs, and what did the last runs miss?</summary>
internal static class DoctorCommand
{
    public static Command Create()
    {
        Option<string> output = OutputFormat.Option();
        var command = new Command(
            "doctor",
            "Check the installation; list API calls that programs asked for and did not get. Exit code 1 when something "
                + "that a run needs is missing."
        )
        {
            output,
        };
        command.SetAction(parsed =>
        {
            // Before the checks: their own session is not what is asked for.
            (IReadOnlyList<MissingCall> missing, IReadOnlyList<SessionTrouble> troubles) = SessionHistory.Read();
            var report = new DoctorReport(InstallationChecks.Run(), missing, troubles);
            if (parsed.GetValue(output) == "json")
            {
                Console.WriteLine(JsonSerializer.Serialize(report, DoctorJson.Default.DoctorReport));
            }
            else
            {
                Print(report);
            }
            return report.IsWell ? ExitCodes.Success : ExitCodes.Failure;
        });
        return command;
    }

    private static void Print(DoctorReport report)
    {
        bool isColoured =
            !Console.IsOutputRedirected && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
        foreach (Check check in report.Checks)
        {
            (string word, string colour) = check.Status switch
            {
                CheckStatus.Ok => ("ok", "32"),
                CheckStatus.Note => ("note", "33"),
                _ => ("failed", "31"),
            };
            string mark = isColoured ? $"\e[{colour}m{word, -6}\e[0m" : $"{word, -6}";
            Console.WriteLine($"{mark}  {check.Name, -15}  {check.Detail}");
        }
        if (report.Missing.Count > 0)
        {
            Console.WriteLine();
            Console.WriteLine("Asked for by recent programs, and not there:");
            Table table = new Table().Border(TableBorder.Rounded);
            table.AddColumn("call");
            table.AddColumn(new TableColumn("times").RightAligned());
            table.AddColumn("kind");
            table.AddColumn("programs");
            foreach (MissingCall call in report.Missing)
            {
                table.AddRow(
                    new Text(call.Call),
                    new Text($"{call.Count}"),
                    new Text(call.Kind),
                    new Text(string.Join(", ", call.Programs))
                );
            }
            AnsiConsole.Write(table);
        }
        if (report.Troubles.Count > 0)
        {
            Console.WriteLine();
            Console.WriteLine("Recent sessions that met errors:");
            foreach (SessionTrouble trouble in report.Troubles)
            {
                Console.WriteLine(
                    $"  {trouble.Started.ToLocalTime():yyyy-MM-dd HH:mm:ss} {trouble.Program}: {trouble.What}"
                );
            }
        }
    }
}
