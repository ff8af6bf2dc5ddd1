using System.Text.Json;
using Weir.Agent.Channels;
using Weir.Protocol.Agents;
using Weir.Remote;
using Weir.Remote.Control;
using Weir.Remote.Workers;
using SessionAnswer = Weir.Protocol.Agents.SessionAnswer;

namespace Weir.Agent.Sessions;

/// <content>Sessions that go to other nodes, and what was asked before a worker had sent what it shares with its client.</content>
internal sealed partial class SessionMover
{
    /// <summary>An agent before this one decided that the session goes elsewhere; its holder knows what came of it.</summary>
    public void AwaitOutcome(ClientSession session) => Depart(session, 0, null).Await();

    /// <summary>A holder says something of a session's way to another node.</summary>
    public void Hear(string name, ControlMessage message)
    {
        ClientSession? session = node.Sessions.All.FirstOrDefault(one => one.Record.Session == name);
        if (session?.Errand?.Departure is { } departure)
        {
            departure.Heard(message);
            return;
        }
        ControlMessage? answer = message switch
        {
            // Whose departure ended with the agent before this one, undecided: it has gone on here.
            MoveReady { Reason: null } when session is not null => new MoveDecided(name, false),
            SessionMoved when session is null => new SessionEnded(name, "moved to another node"),
            _ => null,
        };
        if (answer is not null)
        {
            foreach (HolderChannel holder in session?.Lease.Holders ?? [])
            {
                holder.Tell(answer);
            }
        }
    }

    /// <summary>A session that stood for its way to another node goes on here: on its device, or parked as it was.</summary>
    public void GoOn(ClientSession session, bool wasParked)
    {
        if (!wasParked)
        {
            Resume(session);
            return;
        }
        Tell(session.Worker, WorkerMessage.Park, new StateOrder(session.Image));
        if (session.Condition == SessionCondition.Waiting)
        {
            Want(session);
        }
    }

    /// <summary>The session's worker ended while it was on its way to another node.</summary>
    public void WorkerLost(ClientSession session, string? lastWord)
    {
        if (lastWord is not null || !Lose(session))
        {
            node.Sessions.Ended(session, lastWord ?? "worker crashed");
        }
    }

    private Departure Depart(ClientSession session, ulong request, MoveTarget? target)
    {
        session.Channel ??= session.Lease.Holders.Count == 1 ? session.Lease.Holders.First() : null;
        var departure = new Departure(node, session, request, target);
        string folder = session.Image ?? OwnFolder(session);
        if (target is not null && session.Condition == SessionCondition.Attached)
        {
            ImageFolders.Prepare(folder, session.Worker.User);
        }
        session.Errand = new SessionErrand(SessionAction.SessionMigrate, request, folder) { Departure = departure };
        return departure;
    }

    // Its worker has yet to send what it shares with the client, which it does a moment after the client has begun.
    private void Await(ClientSession session, SessionCommand command)
    {
        session.Early.Add(command);
        Timer? timer = null;
        timer = new Timer(
            _ =>
            {
                lock (node.Gate)
                {
                    if (session.Early.Remove(command))
                    {
                        Answer(command.Request, "its worker does not say what another one would need");
                    }
                }
                timer!.Dispose();
            },
            null,
            s_workerPatience,
            Timeout.InfiniteTimeSpan
        );
    }

    private void DoEarly(ClientSession session)
    {
        SessionCommand[] early = [.. session.Early];
        session.Early.Clear();
        foreach (SessionCommand command in early)
        {
            Obey(command);
        }
    }

    /// <summary>Answers what was asked of a session that is no more.</summary>
    public static void Refuse(Node node, SessionCommand command, string reason) =>
        node.Tell(
            new AgentMessage
            {
                SessionAnswer = new SessionAnswer { Request = command.Request, Refusal = reason },
            }
        );

    /// <summary>An order as a message carries it.</summary>
    public static byte[] Encode(StateOrder order) =>
        JsonSerializer.SerializeToUtf8Bytes(order, RemoteJson.Default.StateOrder);
}
