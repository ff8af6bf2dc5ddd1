using System.Threading.Channels;
using Weir.Agent.Configuration;
using Weir.Protocol;
using Weir.Protocol.Agents;
using Weir.Protocol.Grpc;

namespace Weir.Agent.Upstream;

/// <summary>
/// The agent's stream to its controller. When it breaks everything on the node goes on, and it is opened again after growing
/// pauses; then both say what is.
/// </summary>
internal sealed class ControllerLink(Node node, ControllerConfig config)
{
    private const int DefaultHeartbeatMs = 5000;
    private static readonly TimeSpan s_firstPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan s_longestPause = TimeSpan.FromSeconds(10);

    /// <summary>Keeps the stream open until <paramref name="stop"/>.</summary>
    public async Task Run(CancellationToken stop)
    {
        TimeSpan pause = s_firstPause;
        bool wasLost = false;
        while (!stop.IsCancellationRequested)
        {
            string failure;
            long started = Environment.TickCount64;
            try
            {
                string credential = (await File.ReadAllTextAsync(config.CredentialFile, stop)).Trim();
                using var client = new AgentsClient(config.Address, config.Fingerprint);
                await Converse(client, credential, stop);
                failure = "the controller closed the connection";
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
                when (error
                        is GrpcException
                            or IOException
                            or HttpRequestException
                            or OperationCanceledException
                            or UnauthorizedAccessException
                )
            {
                failure = error.InnerException is { } inner ? $"{error.Message} ({inner.Message})" : error.Message;
            }
            if (Environment.TickCount64 - started > s_longestPause.TotalMilliseconds)
            {
                (pause, wasLost) = (s_firstPause, false);
            }
            if (!wasLost)
            {
                Log.Error($"no controller at {config.Address}: {failure}; sessions go on, and it is tried again");
                wasLost = true;
            }
            await Task.Delay(pause, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            pause = TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, s_longestPause.Ticks));
        }
    }

    private async Task Converse(AgentsClient client, string credential, CancellationToken stop)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stop);
        await using AgentStream stream = await client.ConnectAsync(credential, ending.Token);
        var outgoing = Channel.CreateUnbounded<AgentMessage>();
        void Tell(AgentMessage message) => _ = outgoing.Writer.TryWrite(message);
        lock (node.Gate)
        {
            // Together with what is, so that nothing falls between.
            foreach (AgentMessage message in node.Introduction())
            {
                Tell(message);
            }
            foreach (AgentMessage end in node.Ended.All)
            {
                Tell(end);
            }
            node.Changed += Tell;
            node.Workloads.Rewind();
        }
        Task sending = Send(stream, outgoing.Reader, ending.Token);
        Task beating = Task.CompletedTask;
        try
        {
            while (true)
            {
                Task<ControllerMessage?> receiving = stream.ReceiveAsync(ending.Token);
                if (await Task.WhenAny(receiving, sending) == sending)
                {
                    await sending;
                }
                if (await receiving is not { } message)
                {
                    return;
                }
                if (message.BodyCase == ControllerMessage.BodyOneofCase.Welcome)
                {
                    Check(message.Welcome);
                    Log.Info($"connected to the controller at {config.Address}");
                    beating = Beat(message.Welcome, Tell, ending.Token);
                    continue;
                }
                node.Obey(message);
            }
        }
        finally
        {
            lock (node.Gate)
            {
                node.Changed -= Tell;
            }
            await ending.CancelAsync();
            await Task.WhenAll(sending, beating).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static void Check(Welcome welcome)
    {
        if (welcome.Version is { } version && !ProtocolVersion.Accepts(version.Major))
        {
            throw new IOException(
                $"the controller speaks version {version.Major}, this agent {ProtocolVersion.Major}: bring both to neighbouring releases"
            );
        }
    }

    private static async Task Send(AgentStream stream, ChannelReader<AgentMessage> messages, CancellationToken stop)
    {
        await foreach (AgentMessage message in messages.ReadAllAsync(stop))
        {
            await stream.SendAsync(message, stop);
        }
    }

    private async Task Beat(Welcome welcome, Action<AgentMessage> tell, CancellationToken stop)
    {
        int interval = welcome.HeartbeatMs > 0 ? (int)welcome.HeartbeatMs : DefaultHeartbeatMs;
        for (ulong sequence = 1; ; sequence++)
        {
            tell(new AgentMessage { Heartbeat = node.Heartbeat(sequence) });
            await Task.Delay(interval, stop);
        }
    }
}
