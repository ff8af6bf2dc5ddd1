namespace Weir.Remote.Workers;

/// <summary>Where the brokers of programs that run without a pool listen for `weir park` and its like: one socket for each, which only its user can reach.</summary>
internal static class SessionPlace
{
    /// <summary>The folder of the sockets; it need not exist.</summary>
    public static string Folder()
    {
        string run =
            Variable("WEIR_RUN")
            ?? (
                Environment.IsPrivilegedProcess ? "/run/weir"
                : Variable("XDG_RUNTIME_DIR") is { } own ? Path.Combine(own, "weir")
                : $"/tmp/weir-{Environment.UserName}"
            );
        return Path.Combine(run, "sessions");
    }

    /// <summary>The socket of a broker.</summary>
    public static string Socket(int processId) => Path.Combine(Folder(), $"{processId}.sock");

    private static string? Variable(string name) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
