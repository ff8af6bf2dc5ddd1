namespace Weir.Cli.Pool;

/// <summary>
/// Where controller and agent of this machine keep their things: WEIR_STATE and WEIR_RUN when set, the system's folders for
/// root, the user's own otherwise.
/// </summary>
internal sealed record PoolFolders(string State, string Run)
{
    private const int LongestSocketPath = 107;

    /// <summary>The controller's local socket.</summary>
    public string ControllerSocket => Path.Combine(Run, "controller.sock");

    /// <summary>The controller's certificate, store and kept output.</summary>
    public string Controller => Path.Combine(State, "controller");

    /// <summary>The agent's certificate, credential, configuration and logs.</summary>
    public string Agent => Path.Combine(State, "agent");

    public string AgentConfig => Path.Combine(Agent, "agent.json");

    public string AgentCredential => Path.Combine(Agent, "credential");

    /// <summary>The process of the pages that `weir up` started.</summary>
    public string Pages => Path.Combine(Run, "pages.pids");

    /// <summary>Processes that `weir up` started, for the one that comes after it.</summary>
    public string Children => Path.Combine(Run, "up.pids");

    /// <summary>The folders asked for, else the usual ones; throws <see cref="PoolException"/> when sockets cannot be there.</summary>
    public static PoolFolders Find(string? state = null, string? run = null)
    {
        var folders = new PoolFolders(
            Path.GetFullPath(state ?? Variable("WEIR_STATE") ?? DefaultState()),
            Path.GetFullPath(run ?? Variable("WEIR_RUN") ?? DefaultRun())
        );
        return folders.ControllerSocket.Length <= LongestSocketPath - 20
            ? folders
            : throw new PoolException(
                $"the folder {folders.Run} is too long for sockets: name a shorter one with --run or WEIR_RUN"
            );
    }

    /// <summary>Makes a folder that only its owner may open.</summary>
    public static void MakePrivate(string folder) =>
        Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

    /// <summary>Makes a folder that others may pass through and not list: workers of other users work below it.</summary>
    public static void MakePassable(string folder) =>
        Directory.CreateDirectory(
            folder,
            UnixFileMode.UserRead
                | UnixFileMode.UserWrite
                | UnixFileMode.UserExecute
                | UnixFileMode.GroupExecute
                | UnixFileMode.OtherExecute
        );

    private static string DefaultState() =>
        Environment.IsPrivilegedProcess
            ? "/var/lib/weir"
            : Path.Combine(
                Variable("XDG_STATE_HOME")
                    ?? Path.Combine(
                        Environment.GetFolderPath(Environment.SpecialFolder.UserProfile),
                        ".local",
                        "state"
                    ),
                "weir"
            );

    private static string DefaultRun() =>
        Environment.IsPrivilegedProcess ? "/run/weir"
        : Variable("XDG_RUNTIME_DIR") is { } own ? Path.Combine(own, "weir")
        : $"/tmp/weir-{Environment.UserName}";

    private static string? Variable(string name) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
