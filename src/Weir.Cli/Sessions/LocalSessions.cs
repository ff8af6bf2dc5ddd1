using System.Globalization;
using System.Text.Json;
using Weir.Cli.Pool;
using Weir.Posix;
using Weir.Remote;
using Weir.Remote.Workers;

namespace Weir.Cli.Sessions;

/// <summary>Sessions of programs that run on this machine's own device, without a pool: their brokers are asked directly.</summary>
internal static class LocalSessions
{
    private const int MaxAnswerBytes = 1 << 20;

    /// <summary>All there are, each with the socket of its broker.</summary>
    public static IReadOnlyList<(string Socket, SessionEntry Entry)> List()
    {
        List<(string, SessionEntry)> all = [];
        string folder = SessionPlace.Folder();
        string[] sockets = Directory.Exists(folder) ? Directory.GetFiles(folder, "*.sock") : [];
        foreach (string socket in sockets)
        {
            foreach (SessionEntry entry in Ask(socket, new SessionRequest("list"))?.Sessions ?? [])
            {
                all.Add((socket, entry));
            }
        }
        return all;
    }

    /// <summary>The session that a person means by a process id; null when there is none, or when the text is none.</summary>
    public static (string Socket, SessionEntry Entry)? Find(string session) =>
        int.TryParse(session, NumberStyles.None, CultureInfo.InvariantCulture, out int process)
        && List().FirstOrDefault(one => one.Entry.Process == process) is { Entry: not null } found
            ? found
            : null;

    /// <summary>Prints all there are.</summary>
    public static int Print(bool isJson)
    {
        SessionEntry[] all = [.. List().Select(one => one.Entry)];
        return isJson
            ? PoolCommand.Json(new SessionAnswer { Sessions = all }, RemoteJson.Default.SessionAnswer)
            : PoolCommand.Table(
                "No sessions.",
                ["SESSION", "STATE", "WORKER", "PROGRAM", "IMAGE"],
                all.Select(one =>
                    (string[])[$"{one.Process}", one.State, $"{one.Worker}", one.Program, one.Image ?? ""]
                )
            );
    }

    /// <summary>Asks a broker; null when nobody listens there any more.</summary>
    public static SessionAnswer? Ask(string socket, SessionRequest request)
    {
        int connection = UnixSocket.ConnectPath(socket);
        if (connection < 0)
        {
            return null;
        }
        try
        {
            byte[] buffer = new byte[MaxAnswerBytes];
            bool isSent = UnixSocket.Send(
                connection,
                JsonSerializer.SerializeToUtf8Bytes(request, RemoteJson.Default.SessionRequest)
            );
            int length = isSent ? UnixSocket.Receive(connection, buffer, out _) : 0;
            return length > 0
                ? JsonSerializer.Deserialize(buffer.AsSpan(0, length), RemoteJson.Default.SessionAnswer)
                : null;
        }
        finally
        {
            _ = Libc.close(connection);
        }
    }
}
