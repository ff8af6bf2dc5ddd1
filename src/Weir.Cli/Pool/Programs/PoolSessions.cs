using System.Text.RegularExpressions;
using Weir.Protocol.Rest;

namespace Weir.Cli.Pool.Programs;

/// <summary>What becomes of the sessions of a pool: `weir park n1/s-…` and its kin.</summary>
internal static partial class PoolSessions
{
    /// <summary>Whether that is the name of a pool's session, not a process of this machine.</summary>
    public static bool IsName(string session) => Name().IsMatch(session);

    /// <summary>Has something done with a session; the exit code.</summary>
    /// <param name="session">"node/s-…", as `weir ps` shows it.</param>
    /// <param name="verb">park, resume, snapshot, restore or migrate.</param>
    /// <param name="image">Name of an image on the session's node.</param>
    /// <param name="to">Another node, for resume and migrate.</param>
    public static Task<int> DoAsync(string session, string verb, string? image, string? to = null) =>
        PoolCommand.Guard(async () =>
        {
            using var client = new ControllerClient(Login.Find());
            string[] parts = session.Split('/', 2);
            string query =
                image is not null ? $"?image={Uri.EscapeDataString(image)}"
                : to is not null ? $"?to={Uri.EscapeDataString(to)}"
                : "";
            var done = await client.PostAsync(
                $"v1/sessions/{Uri.EscapeDataString(parts[0])}/{Uri.EscapeDataString(parts[1])}/{verb}{query}",
                RestJson.Default.SessionMoveView
            );
            Console.WriteLine(Text(done, verb, image));
            return ExitCodes.Success;
        });

    [GeneratedRegex("^[a-z0-9][a-z0-9.-]*/s-[0-9a-f]+$")]
    private static partial Regex Name();

    private static string Megabytes(long bytes) => Sizes.Text((ulong)bytes);

    private static string Text(SessionMoveView done, string verb, string? image)
    {
        string bytes = $"{Sizes.Text((ulong)done.Bytes)}, {Sizes.Text((ulong)done.WrittenBytes)} of it written";
        return verb switch
        {
            _ when done.PassBytes is { Count: > 0 } passes =>
                $"{done.Session} goes on (calls waited {done.PauseMs} ms; sent {string.Join(", ", passes.SkipLast(1).Select(Megabytes).Append($"and {Megabytes(passes[^1])} while it stood"))})",
            "park" => $"{done.Session} is parked ({bytes}, {done.PauseMs} ms)",
            "snapshot" => $"{done.Session} is saved as {image} on its node ({bytes}, calls waited {done.PauseMs} ms)",
            "resume" => $"{done.Session} goes on ({Sizes.Text((ulong)done.Bytes)}, {done.PauseMs} ms)",
            _ => $"{done.Session} goes on in another worker ({done.PauseMs} ms)",
        };
    }
}
