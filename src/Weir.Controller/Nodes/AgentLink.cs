using System.Threading.Channels;
using Weir.Protocol.Agents;

namespace Weir.Controller.Nodes;

/// <summary>The controller's end of an agent's stream: messages wait here in order until they are sent.</summary>
internal sealed class AgentLink(string node)
{
    // An agent that reads nothing is cut off before it costs memory; it reconciles when it returns.
    private const int MostWaiting = 20_000;

    private readonly Channel<ControllerMessage> _outgoing = Channel.CreateBounded<ControllerMessage>(MostWaiting);
    private readonly CancellationTokenSource _closed = new();

    public string Node => node;

    public ChannelReader<ControllerMessage> Outgoing => _outgoing.Reader;

    /// <summary>Ends with the link.</summary>
    public CancellationToken Closed => _closed.Token;

    /// <summary>Why it was closed by the controller.</summary>
    public string? CloseReason { get; private set; }

    public void Send(ControllerMessage message)
    {
        if (!_outgoing.Writer.TryWrite(message))
        {
            Close("the agent does not read");
        }
    }

    public void Close(string reason)
    {
        CloseReason ??= reason;
        _closed.Cancel();
    }
}
