using Weir.Cli.Run;
using Weir.Protocol.Rest;

namespace Weir.Cli.Pool.Programs;

/// <summary>Claims slices and becomes a program that uses them.</summary>
internal static class LeasedProgram
{
    private static readonly TimeSpan TicketsKept = TimeSpan.FromHours(1);

    /// <summary>Returns only when the program was not started, with the exit code to end with.</summary>
    public static Task<int> RunAsync(ClaimRequest claim, string[] program, IReadOnlyList<string> launcherOptions) =>
        PoolCommand.Guard(
            async () =>
            {
                if (Artifacts.Find() is not { } artifacts)
                {
                    throw new PoolException(Artifacts.Missing["weir: ".Length..]);
                }
                // A program that is not there must not cost a lease.
                if (!Exists(program[0]))
                {
                    await Console.Error.WriteLineAsync($"weir: {program[0]}: not found");
                    return ExitCodes.NotFound;
                }
                string ticket;
                using (var client = new ControllerClient(Login.Find()))
                {
                    var grant = await client.PostAsync(
                        "v1/leases",
                        claim,
                        RestJson.Default.ClaimRequest,
                        RestJson.Default.GrantView
                    );
                    ticket = Keep(grant);
                }
                return ProcessImage.Replace(
                    artifacts.Worker,
                    [artifacts.Worker, "--launch", "--lease", ticket, .. launcherOptions, "--", .. program]
                );
            },
            ExitCodes.CannotStart
        );

    /// <summary>Writes a grant's ticket where only its user can read it, and returns the path.</summary>
    public static string Keep(GrantView grant)
    {
        string folder = Path.Combine(
            Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR") is { Length: > 0 } own
                ? Path.Combine(own, "weir")
                : $"/tmp/weir-{Environment.UserName}",
            "tickets"
        );
        PoolFolders.MakePrivate(folder);
        // The launcher reads it at once; those that are old served their purpose.
        foreach (string old in Directory.EnumerateFiles(folder))
        {
            if (DateTime.UtcNow - File.GetLastWriteTimeUtc(old) > TicketsKept)
            {
                File.Delete(old);
            }
        }
        string path = Path.Combine(folder, $"{grant.Lease.Id}.json");
        Private.Write(path, grant.Ticket.ToJson());
        return path;
    }

    private static bool Exists(string name) =>
        name.Contains('/')
            ? File.Exists(name)
            : (Environment.GetEnvironmentVariable("PATH") ?? "")
                .Split(':', StringSplitOptions.RemoveEmptyEntries)
                .Any(folder => File.Exists(Path.Combine(folder, name)));
}
