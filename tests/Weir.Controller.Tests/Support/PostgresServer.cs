using System.Diagnostics;

namespace Weir.Controller.Tests.Support;

/// <summary>Debian's PostgreSQL in a folder of the test, as a user without rights. Skips the test where it is not installed.</summary>
internal sealed class PostgresServer : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly int _port = ControllerProcess.FreePort();
    private readonly string _programs;

    private PostgresServer(string programs) => _programs = programs;

    public static PostgresServer Start()
    {
        string? programs = Directory.Exists("/usr/lib/postgresql")
            ? Directory
                .GetDirectories("/usr/lib/postgresql")
                .Order()
                .Select(folder => Path.Combine(folder, "bin"))
                .LastOrDefault(folder => File.Exists(Path.Combine(folder, "initdb")))
            : null;
        Assert.SkipWhen(programs is null, "PostgreSQL is not installed here (Debian: postgresql)");
        var server = new PostgresServer(programs!);
        if (Environment.IsPrivilegedProcess)
        {
            // PostgreSQL refuses root.
            Run("chown", ["nobody", server._folder.Path]);
        }
        server.AsUser("initdb", ["-D", server.Data, "-A", "trust", "-U", "weir", "-E", "UTF8", "--no-sync"]);
        server.Restart();
        foreach (string database in (string[])["weir", "other"])
        {
            server.AsUser("createdb", ["-h", "127.0.0.1", "-p", $"{server._port}", "-U", "weir", database]);
        }
        return server;
    }

    private string Data => _folder.At("data");

    public string ConnectionString(string database) => $"Host=127.0.0.1;Port={_port};Database={database};Username=weir";

    public void Stop() => AsUser("pg_ctl", ["-D", Data, "-m", "immediate", "-w", "stop"]);

    public void Restart() =>
        AsUser(
            "pg_ctl",
            ["-D", Data, "-w", "-l", _folder.At("log"), "-o", $"-p {_port} -h 127.0.0.1 -k {_folder.Path}", "start"]
        );

    public void Dispose()
    {
        try
        {
            Stop();
        }
        finally
        {
            _folder.Dispose();
        }
    }

    private void AsUser(string program, string[] arguments)
    {
        string path = Path.Combine(_programs, program);
        if (Environment.IsPrivilegedProcess)
        {
            Run("setpriv", ["--reuid", "nobody", "--clear-groups", "--", path, .. arguments]);
        }
        else
        {
            Run(path, arguments);
        }
    }

    private static void Run(string program, string[] arguments)
    {
        // Its output is not redirected: the server inherits it and would keep the pipe open.
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { WorkingDirectory = "/" })!;
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}");
    }
}
