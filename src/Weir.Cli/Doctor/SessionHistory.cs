using System.Text.Json;

namespace Weir.Cli.Doctor;

/// <summary>What recent sessions missed or met, from the summaries that workers leave in the state directory.</summary>
internal static class SessionHistory
{
    private const int MaxSessions = 100;
    private const int MaxTroubles = 10;

    /// <summary>Reads the newest sessions; unreadable files are passed over.</summary>
    public static (IReadOnlyList<MissingCall>, IReadOnlyList<SessionTrouble>) Read()
    {
        Dictionary<(string Call, string Kind), (long Count, SortedSet<string> Programs)> missing = [];
        List<SessionTrouble> troubles = [];
        foreach (JsonElement session in Newest())
        {
            string program = Path.GetFileName(Text(session, "program"));
            Gather(session, "refused", program, missing);
            Gather(session, "unknown", program, missing);
            string what = Trouble(session);
            if (what.Length > 0 && troubles.Count < MaxTroubles)
            {
                troubles.Add(new SessionTrouble(session.GetProperty("started").GetDateTime(), program, what));
            }
        }
        return (
            [
                .. missing
                    .OrderByDescending(entry => entry.Value.Count)
                    .ThenBy(entry => entry.Key.Call, StringComparer.Ordinal)
                    .Select(entry => new MissingCall(
                        entry.Key.Call,
                        entry.Value.Count,
                        entry.Key.Kind,
                        [.. entry.Value.Programs]
                    )),
            ],
            troubles
        );
    }

    private static IEnumerable<JsonElement> Newest()
    {
        string folder = Path.Combine(StateFolder(), "sessions");
        if (!Directory.Exists(folder))
        {
            yield break;
        }
        IEnumerable<string> files = Directory
            .GetFiles(folder, "*.json")
            .OrderDescending(StringComparer.Ordinal)
            .Take(MaxSessions);
        foreach (string file in files)
        {
            JsonElement? session = null;
            try
            {
                session = JsonDocument.Parse(File.ReadAllBytes(file)).RootElement;
            }
            catch (Exception failure) when (failure is IOException or JsonException)
            {
                // Being replaced, or from another version: the others tell enough.
            }
            if (session is { ValueKind: JsonValueKind.Object } read)
            {
                yield return read;
            }
        }
    }

    /// <summary>`$XDG_STATE_HOME/weir`, by default `~/.local/state/weir`, as in the worker.</summary>
    public static string StateFolder()
    {
        string? root = Environment.GetEnvironmentVariable("XDG_STATE_HOME");
        return string.IsNullOrEmpty(root) || !Path.IsPathRooted(root)
            ? Path.Combine(Environment.GetEnvironmentVariable("HOME") ?? "/", ".local", "state", "weir")
            : Path.Combine(root, "weir");
    }

    private static void Gather(
        JsonElement session,
        string kind,
        string program,
        Dictionary<(string, string), (long Count, SortedSet<string> Programs)> into
    )
    {
        if (!session.TryGetProperty(kind, out JsonElement calls) || calls.ValueKind != JsonValueKind.Object)
        {
            return;
        }
        foreach (JsonProperty call in calls.EnumerateObject())
        {
            (long count, SortedSet<string> programs) = into.GetValueOrDefault((call.Name, kind), (0, []));
            programs.Add(program);
            into[(call.Name, kind)] = (count + call.Value.GetInt64(), programs);
        }
    }

    private static string Trouble(JsonElement session)
    {
        if (Text(session, "end") is { Length: > 0 } end && end != "closed")
        {
            return $"{end}: {Text(session, "reason")}";
        }
        return session.TryGetProperty("errors", out JsonElement errors) && errors.GetArrayLength() > 0
            ? string.Join(", ", errors.EnumerateArray().Select(error => error.GetString()).Distinct().Take(3))
            : "";
    }

    private static string Text(JsonElement session, string name) =>
        session.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()!
            : "";
}
