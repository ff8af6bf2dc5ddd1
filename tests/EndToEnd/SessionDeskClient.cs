using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Weir.EndToEnd;

/// <summary>Asks the broker of a program that runs without a pool, as `weir park` and its like do.</summary>
internal static class SessionDeskClient
{
    private const int MostAnswerBytes = 1 << 20;
    private const string Busy = "something else is under way with it";
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(90);

    /// <summary>Where the brokers of these tests listen: a short path, as names of sockets must be.</summary>
    public static string Run { get; } = NewRun();

    /// <summary>Asks for something to be done with a program's session; fails the test when it is refused.</summary>
    public static JsonElement Do(string verb, int process, string? folder = null)
    {
        JsonElement answer = Ask(verb, process, folder);
        DateTime until = DateTime.UtcNow + s_patience;
        // A snapshot that the program asked for at its start, or now and then.
        while (DateTime.UtcNow < until && $"{answer.GetProperty("reason")}".StartsWith(Busy, StringComparison.Ordinal))
        {
            Thread.Sleep(10);
            answer = Ask(verb, process, folder);
        }
        Assert.True(
            answer.GetProperty("reason").ValueKind == JsonValueKind.Null,
            $"{verb}: {answer.GetProperty("reason")}"
        );
        return answer;
    }

    /// <summary>The same for what may be refused.</summary>
    public static JsonElement Ask(string verb, int process, string? folder = null)
    {
        foreach (string socket in Directory.GetFiles(Path.Combine(Run, "sessions"), "*.sock"))
        {
            if (Find(socket, process) is not null)
            {
                return Send(
                        socket,
                        JsonSerializer.Serialize(
                            new Dictionary<string, object?>
                            {
                                ["verb"] = verb,
                                ["session"] = process,
                                ["folder"] = folder,
                            }
                        )
                    ) ?? throw new InvalidOperationException($"the broker went away during {verb}");
            }
        }
        throw new InvalidOperationException($"no broker knows a session of process {process}");
    }

    /// <summary>What the brokers say of a program's session; null when none knows it.</summary>
    public static JsonElement? Session(int process) =>
        Directory
            .GetFiles(Path.Combine(Run, "sessions"), "*.sock")
            .Select(socket => Find(socket, process))
            .FirstOrDefault(entry => entry is not null);

    /// <summary>Waits until a session is in a state.</summary>
    public static JsonElement Await(int process, Func<JsonElement, bool> condition, string what)
    {
        DateTime until = DateTime.UtcNow + s_patience;
        while (DateTime.UtcNow < until)
        {
            if (Session(process) is { } session && condition(session))
            {
                return session;
            }
            Thread.Sleep(10);
        }
        Assert.Fail($"the session of process {process} did not become {what}: {Session(process)}");
        throw new InvalidOperationException();
    }

    private static string NewRun()
    {
        string folder = Directory.CreateTempSubdirectory("weir-run-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        return folder;
    }

    private static JsonElement? Find(string socket, int process)
    {
        if (Send(socket, """{"verb":"list"}""") is not { } answer)
        {
            return null;
        }
        foreach (JsonElement session in answer.GetProperty("sessions").EnumerateArray())
        {
            if (session.GetProperty("process").GetInt32() == process)
            {
                return session;
            }
        }
        return null;
    }

    private static JsonElement? Send(string path, string request)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Seqpacket, ProtocolType.Unspecified)
        {
            ReceiveTimeout = (int)s_patience.TotalMilliseconds,
        };
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
            _ = socket.Send(Encoding.UTF8.GetBytes(request));
            byte[] buffer = new byte[MostAnswerBytes];
            int length = socket.Receive(buffer);
            return length > 0 ? JsonDocument.Parse(buffer.AsMemory(0, length)).RootElement : null;
        }
        catch (SocketException failure)
            when (failure.SocketErrorCode is not (SocketError.TimedOut or SocketError.WouldBlock))
        {
            // Of a broker that was killed, or ends at this moment.
            return null;
        }
    }
}
