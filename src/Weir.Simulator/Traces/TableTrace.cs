using System.Globalization;
using System.Text.Json;
using Weir.Scheduling.Cluster;

namespace Weir.Simulator.Traces;

/// <summary>
/// Reads jobs in the documented form for all other traces (docs/guides), as CSV or as a JSON array of objects. The
/// columns of Helios and PAI are understood by their own names.
/// </summary>
public static class TableTrace
{
    private static readonly string[] Ids = ["name", "job_id", "job_name", "id"];
    private static readonly string[] Submits = ["submit_s", "submit_time", "creation_time", "submitted"];
    private static readonly string[] Durations = ["duration_s", "duration"];
    private static readonly string[] Devices = ["gpus", "gpu_num", "num_gpu"];
    private static readonly string[] Shares = ["gpu_milli"];
    private static readonly string[] Percents = ["plan_gpu"];
    private static readonly string[] Cores = ["cpus", "cpu_num"];
    private static readonly string[] Nodes = ["tasks", "node_num", "inst_num"];
    private static readonly string[] Projects = ["project", "vc", "group", "user"];

    /// <summary>Reads jobs; the cluster comes from elsewhere.</summary>
    /// <param name="path">A CSV file (plain or .gz) or a JSON file (.json).</param>
    /// <param name="models">Numbers of the cluster's models.</param>
    /// <param name="skipBad">True: leave out jobs that make no sense, and count them.</param>
    /// <param name="skipped">Jobs left out.</param>
    /// <exception cref="TraceException">Says the file, the line (of JSON: the object's number) and the reason.</exception>
    public static List<TraceTask> ReadJobs(string path, NameTable models, bool skipBad, out int skipped)
    {
        List<TraceTask> tasks = [];
        skipped = 0;
        double first = double.PositiveInfinity;
        foreach ((int line, Func<string, string> field) in Rows(path))
        {
            try
            {
                TraceTask task = ReadJob(path, line, field, models);
                first = Math.Min(first, task.Submitted);
                tasks.Add(task);
            }
            catch (TraceException) when (skipBad)
            {
                skipped++;
            }
        }
        if (tasks.Count == 0)
        {
            throw new TraceException(path, 0, "has no job that can be used");
        }
        // Times may be dates; the trace begins at 0.
        return [.. tasks.Select(task => task with { Submitted = task.Submitted - first })];
    }

    private static TraceTask ReadJob(string path, int line, Func<string, string> field, NameTable models)
    {
        string name = Text(field, Ids);
        double devices = Number(path, line, field, Devices, 0, 0, 1_000_000);
        double milli = Number(path, line, field, Shares, 1000, 1, 1000);
        double percent = Number(path, line, field, Percents, double.NaN, 0, 6400);
        int tasks = (int)Number(path, line, field, Nodes, 1, 1, 100_000);
        if (!double.IsNaN(percent))
        {
            // PAI: percent of a device; above 100 these are whole ones.
            devices =
                percent > 100 ? Math.Ceiling(percent / 100) * tasks
                : percent > 0 ? tasks
                : 0;
            milli = percent is > 0 and < 100 ? percent * 10 : 1000;
        }
        if (devices % tasks != 0)
        {
            throw new TraceException(path, line, $"{devices} devices can't be divided evenly among {tasks} nodes");
        }
        int perTask = (int)(devices / tasks);
        if (perTask > 64)
        {
            throw new TraceException(path, line, $"{perTask} devices on one node; at most 64 make sense");
        }
        double duration = Number(path, line, field, Durations, -1, -1, 1e9);
        double cores = Number(path, line, field, Cores, 0, 0, 1e6);
        double memory = Number(path, line, field, ["memory_mib"], 0, 0, 1 << 30);
        int whole = perTask > 1 ? 1000 : (int)Math.Round(milli);
        return new TraceTask(
            name.Length > 0 ? name : $"job-{line}",
            new TaskShape(
                (int)Math.Min(int.MaxValue, cores * 1000 / tasks),
                (int)memory,
                perTask,
                perTask == 0 ? 0 : whole,
                0,
                models.Bits(perTask == 0 ? "" : field("gpu_spec"))
            )
        )
        {
            Submitted = Time(path, line, Text(field, Submits)),
            Duration = duration,
            Gang = tasks,
            Project = Text(field, Projects),
            Priority = (int)Number(path, line, field, ["priority"], 0, -1e6, 1e6),
        };
    }

    private static string Text(Func<string, string> field, string[] names)
    {
        foreach (string name in names)
        {
            if (field(name) is { Length: > 0 } text)
            {
                return text;
            }
        }
        return "";
    }

    private static double Number(
        string path,
        int line,
        Func<string, string> field,
        string[] names,
        double missing,
        double least,
        double most
    )
    {
        string text = Text(field, names);
        if (text.Length == 0)
        {
            return missing;
        }
        if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value))
        {
            throw new TraceException(path, line, $"{names[0]} is '{text}', which is no number");
        }
        return value >= least && value <= most
            ? value
            : throw new TraceException(path, line, $"{names[0]} is {text}; {least} to {most} makes sense");
    }

    private static double Time(string path, int line, string text)
    {
        if (text.Length == 0)
        {
            throw new TraceException(path, line, $"{Submits[0]} is missing");
        }
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double seconds))
        {
            return double.IsFinite(seconds)
                ? seconds
                : throw new TraceException(path, line, $"{Submits[0]} is '{text}', which is no time");
        }
        return DateTimeOffset.TryParse(
            text,
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal,
            out DateTimeOffset date
        )
            ? date.ToUnixTimeMilliseconds() / 1000.0
            : throw new TraceException(
                path,
                line,
                $"{Submits[0]} is '{text}'; seconds or a date like 2020-04-01 12:30:00 is needed"
            );
    }

    private static IEnumerable<(int Line, Func<string, string> Field)> Rows(string path)
    {
        if (path.EndsWith(".json", StringComparison.OrdinalIgnoreCase))
        {
            using JsonDocument document = Parse(path);
            int number = 0;
            foreach (JsonElement job in document.RootElement.EnumerateArray())
            {
                number++;
                if (job.ValueKind != JsonValueKind.Object)
                {
                    throw new TraceException(path, number, "is no object; an array of objects is needed");
                }
                yield return (number, name => job.TryGetProperty(name, out JsonElement value) ? value.ToString() : "");
            }
            yield break;
        }
        using var file = new CsvFile(path);
        if (!Submits.Any(file.Has))
        {
            throw new TraceException(
                path,
                1,
                $"has no column for the time of submission ({string.Join(", ", Submits)})"
            );
        }
        while (file.Read())
        {
            yield return (file.Line, file.Text);
        }
    }

    private static JsonDocument Parse(string path)
    {
        try
        {
            JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
            return document.RootElement.ValueKind == JsonValueKind.Array
                ? document
                : throw new TraceException(path, 0, "is no array; an array of objects is needed");
        }
        catch (JsonException e)
        {
            throw new TraceException(path, (int)(e.LineNumber ?? 0) + 1, $"is no JSON ({e.Message})");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TraceException(path, 0, $"cannot be read ({e.Message})");
        }
    }
}
