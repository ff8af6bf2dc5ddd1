using System.Runtime.InteropServices;
using Weir.Remote;
using Weir.Remote.Links;
using Weir.Remote.Sessions;
using Weir.Worker.Portable;
using Weir.Worker.Sessions;

namespace Weir.Worker.Remote;

/// <summary>
/// The greeting of a client whose session this worker has taken over: its relay comes, and says later that the session is this worker's. Until
/// then the worker before has it, and this one does nothing.
/// </summary>
internal sealed unsafe class RemoteJoining(Session session, Link calls) : ILinkReceiver
{
    private bool _hasJoined;
    private bool _hasBegun;
    private bool _isOver;

    /// <summary>Waits for it; false when the relay does without this worker.</summary>
    /// <param name="begun">Told when the session is this worker's, before the relay hears of it.</param>
    public bool Await(Action begun)
    {
        while (!_hasBegun)
        {
            if (_isOver || !calls.Receive(this))
            {
                return false;
            }
        }
        // Whoever wants to know whether this worker has begun asks its agent, which must not learn it later than the relay.
        begun();
        calls.Send(FrameKind.Begun, []);
        return true;
    }

    byte* ILinkReceiver.Place(in FrameHeader header, ReadOnlySpan<byte> head) =>
        throw new RemoteException("bulk came before the session began");

    void ILinkReceiver.Arrived(in FrameHeader header, ReadOnlySpan<byte> head, byte* data)
    {
        switch (header.Kind)
        {
            case FrameKind.Join when !_hasJoined && head.Length == JoinHead.Bytes:
                _hasJoined = true;
                if (MemoryMarshal.Read<JoinHead>(head).LostCalls != 0)
                {
                    SessionRestore.Fail(session);
                }
                SessionStatus status = session.Remote!.Status();
                calls.Send(FrameKind.Joined, MemoryMarshal.AsBytes(new ReadOnlySpan<SessionStatus>(in status)));
                break;
            case FrameKind.Begin when _hasJoined:
                _hasBegun = true;
                break;
            case FrameKind.Goodbye:
                _isOver = true;
                break;
            default:
                throw new RemoteException("the relay does not begin as one that joins");
        }
    }
}
