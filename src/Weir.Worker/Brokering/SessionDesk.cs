using System.Text.Json;
using Weir.Posix;
using Weir.Remote;
using Weir.Remote.Workers;
using Weir.Worker.Logging;

namespace Weir.Worker.Brokering;

/// <summary>
/// The broker's socket for people: takes one request on each connection and answers it when it is done. Who may connect is decided by
/// the folder, which only its user can open.
/// </summary>
internal sealed class SessionDesk : IDisposable
{
    private const int Backlog = 16;
    private const int MaxRequestBytes = 16 << 10;
    private readonly string _path = SessionPlace.Socket(Environment.ProcessId);
    private readonly List<int> _connections = [];

    /// <summary>Opens it where that is possible; programs run without it too.</summary>
    public void Open()
    {
        try
        {
            const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
            string folder = SessionPlace.Folder();
            _ = Directory.CreateDirectory(folder, Private);
            File.SetUnixFileMode(folder, Private);
            Listener = UnixSocket.Listen(_path, Backlog);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            Log.Error($"sessions cannot be parked from outside: {failure.Message}");
        }
    }

    /// <summary>To poll for new connections; -1 when there is no socket.</summary>
    public int Listener { get; private set; } = -1;

    /// <summary>To poll for requests, or for the end of those who wait.</summary>
    public IReadOnlyList<int> Connections => _connections;

    /// <summary>Takes a new connection.</summary>
    public unsafe void Accept()
    {
        int connection = Libc.accept4(Listener, null, null, Libc.SOCK_CLOEXEC);
        if (connection >= 0)
        {
            _connections.Add(connection);
        }
    }

    /// <summary>Reads what a connection has; null when it has ended or makes no sense, and then it is closed.</summary>
    public SessionRequest? Read(int connection)
    {
        byte[] buffer = new byte[MaxRequestBytes];
        int length = UnixSocket.Receive(connection, buffer, out int descriptor, Libc.MSG_DONTWAIT);
        if (descriptor >= 0)
        {
            _ = Libc.close(descriptor);
        }
        if (length > 0)
        {
            try
            {
                if (
                    JsonSerializer.Deserialize(buffer.AsSpan(0, length), RemoteJson.Default.SessionRequest) is
                    { } request
                )
                {
                    return request;
                }
            }
            catch (JsonException)
            {
                Answer(connection, new SessionAnswer { Reason = "the request is malformed" });
                return null;
            }
        }
        Close(connection);
        return null;
    }

    /// <summary>Answers and closes a connection; nothing happens when it has ended or is -1.</summary>
    public void Answer(int connection, SessionAnswer answer)
    {
        if (_connections.Contains(connection))
        {
            _ = UnixSocket.Send(
                connection,
                JsonSerializer.SerializeToUtf8Bytes(answer, RemoteJson.Default.SessionAnswer)
            );
            Close(connection);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (int connection in _connections.ToArray())
        {
            Answer(connection, new SessionAnswer { Reason = "the program has ended" });
        }
        if (Listener >= 0)
        {
            _ = Libc.close(Listener);
            if (File.Exists(_path))
            {
                File.Delete(_path);
            }
        }
    }

    private void Close(int connection)
    {
        if (_connections.Remove(connection))
        {
            _ = Libc.close(connection);
        }
    }
}
