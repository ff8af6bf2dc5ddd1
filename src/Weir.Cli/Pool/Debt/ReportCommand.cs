using System.CommandLine;
using System.Diagnostics;
using System.Globalization;

namespace Weir.Cli.Pool.Debt;

/// <summary>`weir report`: a page for those who pay, its print, or cost records.</summary>
internal static class ReportCommand
{
    private static readonly TimeSpan s_printLimit = TimeSpan.FromSeconds(60);

    public static Command Create()
    {
        var quarter = new Option<string?>("--quarter")
        {
            Description = "A quarter of a year, e.g. 2026Q4 (without a value: this one).",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var format = new Option<string>("--format")
        {
            Description = "html, pdf (needs Debian's chromium), or focus (cost records as CSV, FOCUS 1.2).",
            DefaultValueFactory = _ => "html",
        };
        format.AcceptOnlyFromAmong("html", "pdf", "focus");
        var file = new Option<string?>("--out") { Description = "File to write (default: weir-report-….html)." };
        var span = new TimeSpanOptions("this quarter");
        var command = new Command("report", "Write a report: what devices were used for, what it cost, what to fix.")
        {
            quarter,
            format,
            file,
        };
        span.AddTo(command);
        return command.Does(
            async (parsed, client, cancellation) =>
            {
                string query = span.Query(parsed);
                string name = "report";
                if (query.Length == 0)
                {
                    (DateTimeOffset from, DateTimeOffset to, name) = Quarter(
                        parsed.GetValue(quarter),
                        DateTimeOffset.UtcNow
                    );
                    query =
                        $"&from={from.ToUnixTimeMilliseconds()}&to={Math.Min(to.ToUnixTimeMilliseconds(), DateTimeOffset.UtcNow.ToUnixTimeMilliseconds())}";
                    query += $"&title={Uri.EscapeDataString($"Accelerators, {name}")}";
                }
                else if (!query.Contains("&to=") || !query.Contains("&from="))
                {
                    throw new PoolException("give both --from and --to, or --quarter");
                }
                string kind = parsed.GetValue(format)!;
                string path =
                    parsed.GetValue(file) ?? $"weir-{name}.{(kind == "focus" ? "csv" : kind)}".ToLowerInvariant();
                string page = kind == "pdf" ? Path.ChangeExtension(Path.GetTempFileName(), ".html") : path;
                await using (var to = new FileStream(page, FileMode.Create))
                {
                    await client.CopyAsync(
                        $"v1/{(kind == "focus" ? "focus" : "report")}?{query[1..]}",
                        to,
                        cancellation
                    );
                }
                if (kind == "pdf")
                {
                    await PrintAsync(page, path, cancellation);
                    File.Delete(page);
                }
                Console.WriteLine($"{path} is written.");
                return ExitCodes.Success;
            }
        );
    }

    /// <summary>Beginning, end and name of a quarter.</summary>
    /// <exception cref="PoolException">It is none.</exception>
    internal static (DateTimeOffset From, DateTimeOffset To, string Name) Quarter(string? text, DateTimeOffset now)
    {
        int year = now.Year;
        int number = (now.Month - 1) / 3 + 1;
        if (text is { Length: > 0 })
        {
            string[] parts = text.ToUpperInvariant().Split('Q');
            if (
                parts.Length != 2
                || !int.TryParse(parts[0].TrimEnd('-'), NumberStyles.None, CultureInfo.InvariantCulture, out year)
                || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out number)
                || number is < 1 or > 4
                || year is < 2000 or > 9998
            )
            {
                throw new PoolException($"\"{text}\" is no quarter: write it like 2026Q4");
            }
        }
        var from = new DateTimeOffset(year, number * 3 - 2, 1, 0, 0, 0, TimeSpan.Zero);
        return (from, from.AddMonths(3), $"{year}Q{number}");
    }

    private static async Task PrintAsync(string page, string path, CancellationToken cancellation)
    {
        string browser =
            Browser()
            ?? throw new PoolException(
                "a PDF is printed by Debian's chromium, which is not here: apt-get install chromium, or use --format html"
            );
        var start = new ProcessStartInfo(
            browser,
            [
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--no-pdf-header-footer",
                $"--print-to-pdf={Path.GetFullPath(path)}",
                new Uri(page).AbsoluteUri,
            ]
        )
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        File.Delete(path);
        using Process process = Process.Start(start)!;
        Task<string> said = process.StandardError.ReadToEndAsync(cancellation);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(s_printLimit);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new PoolException($"chromium did not print within {s_printLimit.TotalSeconds:0} s");
        }
        if (!File.Exists(path))
        {
            throw new PoolException($"chromium printed nothing: {(await said).Trim()}");
        }
    }

    private static string? Browser() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => Path.Combine(folder, "chromium"))
            .FirstOrDefault(File.Exists);
}
