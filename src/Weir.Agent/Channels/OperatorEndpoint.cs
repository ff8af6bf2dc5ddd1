using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;
using Google.Protobuf;
using Weir.Protocol.Agents;

namespace Weir.Agent.Channels;

/// <summary>
/// The operator's socket: whoever may open it (the agent's own user) speaks the controller's part in JSON, a message per
/// line, and reads what the agent says: for rescue when no controller can be had, and for nodes without one.
/// </summary>
internal sealed class OperatorEndpoint(Node node)
{
    /// <summary>Begins to listen.</summary>
    public void Start()
    {
        File.Delete(node.Folders.OperatorSocket);
        var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(node.Folders.OperatorSocket));
        File.SetUnixFileMode(node.Folders.OperatorSocket, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        listener.Listen(8);
        _ = Task.Run(async () =>
        {
            while (true)
            {
                Socket client = await listener.AcceptAsync();
                _ = Task.Run(() => Serve(client));
            }
        });
    }

    private async Task Serve(Socket client)
    {
        var outgoing = Channel.CreateUnbounded<AgentMessage>();
        void Tell(AgentMessage message) => _ = outgoing.Writer.TryWrite(message);
        await using var stream = new NetworkStream(client, ownsSocket: true);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        Task writing = Write(stream, outgoing.Reader);
        try
        {
            lock (node.Gate)
            {
                foreach (AgentMessage message in node.Introduction())
                {
                    Tell(message);
                }
                node.Changed += Tell;
                node.Workloads.Rewind();
            }
            ulong beats = 0;
            while (await reader.ReadLineAsync() is { } line)
            {
                ControllerMessage message = ControllerMessage.Parser.ParseJson(line);
                if (message.BodyCase == ControllerMessage.BodyOneofCase.Welcome)
                {
                    // Anew, and with it what is used.
                    node.Introduction().ToList().ForEach(Tell);
                    Tell(new AgentMessage { Heartbeat = node.Heartbeat(++beats) });
                    continue;
                }
                node.Obey(message);
            }
        }
        catch (Exception failure)
            when (failure is IOException or InvalidProtocolBufferException or InvalidJsonException)
        {
            Log.Info($"the operator's connection was closed: {failure.Message}");
        }
        lock (node.Gate)
        {
            node.Changed -= Tell;
        }
        outgoing.Writer.Complete();
        await writing;
    }

    private static async Task Write(Stream stream, ChannelReader<AgentMessage> messages)
    {
        try
        {
            await foreach (AgentMessage message in messages.ReadAllAsync())
            {
                await stream.WriteAsync(Encoding.UTF8.GetBytes(JsonFormatter.Default.Format(message) + "\n"));
            }
        }
        catch (IOException)
        {
            // It has gone; the reading side sees it too.
        }
    }
}
