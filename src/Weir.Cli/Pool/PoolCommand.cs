using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Weir.Protocol.Rest;

namespace Weir.Cli.Pool;

/// <summary>What all commands of the pool have in common.</summary>
internal static class PoolCommand
{
    private static readonly JsonWriterOptions Indented = new() { Indented = true };

    /// <summary>Gives a command its work; what goes wrong is told on standard error and ends with exit code 1.</summary>
    public static Command Does(
        this Command command,
        Func<ParseResult, ControllerClient, CancellationToken, Task<int>> work
    )
    {
        command.SetAction(
            (parsed, cancellation) =>
                Guard(async () =>
                {
                    using var client = new ControllerClient(Login.Find());
                    return await work(parsed, client, cancellation);
                })
        );
        return command;
    }

    /// <summary>Runs something of the pool; its <see cref="PoolException"/> becomes a sentence and an exit code.</summary>
    public static async Task<int> Guard(Func<Task<int>> work, int failure = ExitCodes.Failure)
    {
        try
        {
            return await work();
        }
        catch (PoolException error)
        {
            await Console.Error.WriteLineAsync($"weir: {error.Message}");
            return failure;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or HttpRequestException)
        {
            await Console.Error.WriteLineAsync($"weir: {error.Message}");
            return failure;
        }
        catch (OperationCanceledException)
        {
            return 130;
        }
    }

    /// <summary>Prints an answer as JSON.</summary>
    public static int Json<T>(T value, JsonTypeInfo<T> type)
    {
        using var output = Console.OpenStandardOutput();
        using (var writer = new Utf8JsonWriter(output, Indented))
        {
            JsonSerializer.Serialize(writer, value, type);
        }
        output.WriteByte((byte)'\n');
        return ExitCodes.Success;
    }

    /// <summary>Prints rows under headings; nothing but a sentence when there are none.</summary>
    public static int Table(string none, string[] headings, IEnumerable<string[]> rows)
    {
        List<string[]> all = [.. rows];
        if (all.Count == 0)
        {
            Console.WriteLine(none);
            return ExitCodes.Success;
        }
        int[] widths = [.. headings.Select((heading, i) => Math.Max(heading.Length, all.Max(row => row[i].Length)))];
        Line(headings);
        all.ForEach(Line);
        return ExitCodes.Success;

        void Line(string[] cells) =>
            Console.WriteLine(string.Join("  ", cells.Select((cell, i) => cell.PadRight(widths[i]))).TrimEnd());
    }

    /// <summary>How long ago, for people: 12s, 5m, 3h, 2d.</summary>
    public static string Ago(long unixMs)
    {
        double seconds = Math.Max(0, (DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() - unixMs) / 1000.0);
        return seconds switch
        {
            < 120 => $"{seconds:0}s",
            < 7200 => $"{seconds / 60:0}m",
            < 172_800 => $"{seconds / 3600:0}h",
            _ => $"{seconds / 86_400:0}d",
        };
    }

    /// <summary>The slices of a lease: "0.5 n1/0 8 GiB, …".</summary>
    public static string Slices(IReadOnlyList<SliceView> slices) =>
        string.Join(
            ", ",
            slices.Select(slice =>
                $"{slice.Compute / 100.0:0.##} of {slice.Node}/{Short(slice.Uuid)} {Sizes.Text((ulong)slice.Memory)}"
            )
        );

    /// <summary>A device's identity, as much as is needed to tell it from others.</summary>
    public static string Short(string uuid) => uuid.Length > 12 ? uuid[..12] : uuid;
}
