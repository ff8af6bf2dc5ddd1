namespace Weir.Agent.Configuration;

/// <summary>Command line of the agent.</summary>
internal sealed record AgentOptions
{
    /// <summary>The configuration's file, or null for defaults.</summary>
    public string? Config { get; private set; }

    /// <summary>Folder for what runs now.</summary>
    public string Run { get; private set; } = DefaultRun();

    /// <summary>Folder for what stays.</summary>
    public string State { get; private set; } = DefaultState();

    /// <summary>Path of weir-worker.</summary>
    public string Worker { get; private set; } = "";

    /// <summary>Reads OPTION VALUE pairs.</summary>
    /// <exception cref="FormatException">Says what was not understood.</exception>
    public static AgentOptions Parse(IReadOnlyList<string> words)
    {
        var options = new AgentOptions();
        for (int at = 0; at < words.Count; at += 2)
        {
            string value =
                at + 1 < words.Count ? words[at + 1] : throw new FormatException($"{words[at]} needs a value");
            switch (words[at])
            {
                case "--config":
                    options.Config = value;
                    break;
                case "--run":
                    options.Run = Path.GetFullPath(value);
                    break;
                case "--state":
                    options.State = Path.GetFullPath(value);
                    break;
                case "--worker":
                    options.Worker = Path.GetFullPath(value);
                    break;
                default:
                    throw new FormatException(
                        $"unknown option {words[at]} (known: --config FILE, --run FOLDER, --state FOLDER, --worker PATH)"
                    );
            }
        }
        if (options.Worker.Length == 0)
        {
            // Beside this program as the build places both.
            options.Worker = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "bin", "weir-worker"));
        }
        const int LongestSocketPath = 107;
        if (options.Run.Length > LongestSocketPath - 40)
        {
            throw new FormatException(
                $"--run {options.Run} is too long for the sockets in it (at most {LongestSocketPath - 40} characters)"
            );
        }
        return File.Exists(options.Worker)
            ? options
            : throw new FormatException($"there is no {options.Worker}; give --worker the path of weir-worker");
    }

    private static string DefaultRun() =>
        Environment.IsPrivilegedProcess ? "/run/weir"
        : Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR") is { Length: > 0 } own ? Path.Combine(own, "weir")
        : $"/tmp/weir-{Environment.UserName}";

    private static string DefaultState() =>
        Environment.IsPrivilegedProcess ? "/var/lib/weir/agent"
        : Environment.GetEnvironmentVariable("XDG_STATE_HOME") is { Length: > 0 } own
            ? Path.Combine(own, "weir", "agent")
        : Path.Combine(
            Environment.GetFolderPath(Environment.SpecialFolder.UserProfile),
            ".local",
            "state",
            "weir",
            "agent"
        );
}
