using Weir.Posix;
using Weir.Remote.Control;

namespace Weir.Agent.Channels;

/// <summary>
/// The socket for holders on this machine. Every user may connect: what counts is the lease's secret, which only its owner can
/// read.
/// </summary>
internal sealed unsafe class LocalEndpoint(Node node)
{
    private const int Backlog = 64;

    /// <summary>Begins to listen.</summary>
    /// <exception cref="IOException">The socket cannot be made.</exception>
    public void Start()
    {
        int listener = UnixSocket.Listen(node.Folders.Socket, Backlog);
        File.SetUnixFileMode(node.Folders.Socket, (UnixFileMode)0x1b6); // rw for all
        _ = node.Watcher.Watch(listener, () => Accept(listener));
    }

    private void Accept(int listener)
    {
        int client = Libc.accept4(listener, null, null, Libc.SOCK_CLOEXEC);
        if (client >= 0)
        {
            new HolderChannel(node, new ControlChannel(client), "", isLocal: true).Start();
        }
    }
}
