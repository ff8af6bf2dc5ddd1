using System.Globalization;
using System.Text.Json;

namespace Weir.Cli.Run;

/// <summary>
/// What `weir run --profile` says: a line per kernel, and a trace in the format that chrome://tracing and Perfetto open (an array of complete
/// events, times in microseconds).
/// </summary>
internal static class ProfileReport
{
    private const double Micro = 1e3;
    private const double Milli = 1e6;

    // Places in a kernel's counters, as the device numbers them.
    private const int VectorInstructions = 0;
    private const int ThreadInstructions = 1;
    private const int Branches = 2;
    private const int DivergentBranches = 3;
    private const int GlobalReadBytes = 4;
    private const int GlobalWriteBytes = 5;
    private const int SharedBytes = 6;
    private const int Atomics = 7;

    /// <summary>Writes both.</summary>
    public static void Write(IReadOnlyList<JsonDocument> sessions, string trace, TextWriter output)
    {
        string[] head =
        [
            "kernel",
            "launches",
            "total ms",
            "mean us",
            "max us",
            "instr/thread",
            "lanes",
            "diverging",
            "read MB",
            "written MB",
            "GB/s",
            "shared MB",
            "atomics",
        ];
        List<string[]> rows = [head];
        foreach (JsonDocument session in sessions)
        {
            rows.AddRange(Device(session).GetProperty("kernels").EnumerateArray().Select(Row));
        }
        int[] widths = [.. head.Select((_, column) => rows.Max(row => row[column].Length))];
        foreach (string[] row in rows)
        {
            output.WriteLine(
                row[0].PadRight(widths[0])
                    + string.Concat(row.Skip(1).Select((cell, n) => "  " + cell.PadLeft(widths[n + 1])))
            );
        }
        using (var stream = new FileStream(trace, FileMode.Create, FileAccess.Write))
        using (var writer = new Utf8JsonWriter(stream))
        {
            WriteTrace(sessions, writer);
        }
        output.WriteLine($"weir profile: {trace} is a trace for chrome://tracing or ui.perfetto.dev");
    }

    private static JsonElement Device(JsonDocument session) => session.RootElement.GetProperty("device");

    private static string[] Row(JsonElement kernel)
    {
        double[] counters = [.. kernel.GetProperty("counters").EnumerateArray().Select(one => (double)one.GetInt64())];
        double launches = kernel.GetProperty("launches").GetInt64();
        double nanoseconds = kernel.GetProperty("nanoseconds").GetInt64();
        double bytes = counters[GlobalReadBytes] + counters[GlobalWriteBytes];
        return
        [
            kernel.GetProperty("name").GetString() ?? "?",
            ObservedRun.Number(launches),
            ObservedRun.Number(nanoseconds / Milli),
            ObservedRun.Number(nanoseconds / launches / Micro),
            ObservedRun.Number(kernel.GetProperty("longestNanoseconds").GetInt64() / Micro),
            ObservedRun.Number(counters[ThreadInstructions] / kernel.GetProperty("threads").GetInt64()),
            ObservedRun.Number(Part(counters[ThreadInstructions], counters[VectorInstructions])),
            ObservedRun.Number(100 * Part(counters[DivergentBranches], counters[Branches])) + " %",
            ObservedRun.Number(counters[GlobalReadBytes] / 1e6),
            ObservedRun.Number(counters[GlobalWriteBytes] / 1e6),
            ObservedRun.Number(Part(bytes, nanoseconds)),
            ObservedRun.Number(counters[SharedBytes] / 1e6),
            ObservedRun.Number(counters[Atomics]),
        ];
    }

    private static double Part(double part, double whole) => whole == 0 ? 0 : part / whole;

    private static void WriteTrace(IReadOnlyList<JsonDocument> sessions, Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("displayTimeUnit", "ms");
        writer.WriteStartArray("traceEvents");
        foreach (JsonDocument session in sessions)
        {
            int process = session.RootElement.GetProperty("processId").GetInt32();
            string program = Path.GetFileName(session.RootElement.GetProperty("program").GetString() ?? "");
            WriteName(writer, "process_name", process, 0, program);
            HashSet<long> streams = [];
            foreach (JsonElement span in Device(session).GetProperty("spans").EnumerateArray())
            {
                long stream = span.GetProperty("stream").GetInt64();
                if (streams.Add(stream))
                {
                    WriteName(
                        writer,
                        "thread_name",
                        process,
                        stream,
                        string.Create(CultureInfo.InvariantCulture, $"stream {stream}")
                    );
                }
                writer.WriteStartObject();
                writer.WriteString("name", span.GetProperty("name").GetString());
                writer.WriteString("ph", "X");
                writer.WriteNumber("ts", span.GetProperty("startNanoseconds").GetInt64() / Micro);
                writer.WriteNumber("dur", span.GetProperty("nanoseconds").GetInt64() / Micro);
                writer.WriteNumber("pid", process);
                writer.WriteNumber("tid", stream);
                writer.WriteStartObject("args");
                writer.WriteString("detail", span.GetProperty("detail").GetString());
                writer.WriteEndObject();
                writer.WriteEndObject();
            }
        }
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void WriteName(Utf8JsonWriter writer, string kind, int process, long thread, string name)
    {
        writer.WriteStartObject();
        writer.WriteString("name", kind);
        writer.WriteString("ph", "M");
        writer.WriteNumber("pid", process);
        writer.WriteNumber("tid", thread);
        writer.WriteStartObject("args");
        writer.WriteString("name", name);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }
}
