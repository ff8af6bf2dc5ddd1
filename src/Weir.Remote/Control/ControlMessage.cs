using System.Text.Json.Serialization;
using Weir.Remote.Leases;
using Weir.Remote.Workers;

namespace Weir.Remote.Control;

/// <summary>
/// What a lease's holder (the broker beside a program) and an agent say to each other on a <see cref="ControlChannel"/>. The first message is
/// <see cref="HoldLease"/>; while the channel is open the holder lives. Requests carry a number that the answer repeats. One that is of this very
/// type is of a kind that only a newer release knows, and is passed over.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type", IgnoreUnrecognizedTypeDiscriminators = true)]
[JsonDerivedType(typeof(HoldLease), "hold")]
[JsonDerivedType(typeof(LeaseHeld), "held")]
[JsonDerivedType(typeof(OpenSession), "open")]
[JsonDerivedType(typeof(SessionOffered), "offered")]
[JsonDerivedType(typeof(Refused), "refused")]
[JsonDerivedType(typeof(HandOver), "handOver")]
[JsonDerivedType(typeof(SessionEnded), "sessionEnded")]
[JsonDerivedType(typeof(LeaseEnded), "leaseEnded")]
[JsonDerivedType(typeof(MoveComing), "moveComing")]
[JsonDerivedType(typeof(MoveSession), "move")]
[JsonDerivedType(typeof(MoveReady), "moveReady")]
[JsonDerivedType(typeof(MoveDecided), "moveDecided")]
[JsonDerivedType(typeof(SessionMoved), "moved")]
[JsonDerivedType(typeof(BringSession), "bring")]
[JsonDerivedType(typeof(SessionExpected), "expected")]
internal record ControlMessage;

/// <summary>Holder, first: this is my lease.</summary>
/// <param name="Version"><see cref="ControlChannel.Version"/>.</param>
/// <param name="Lease">Name of the lease.</param>
/// <param name="Epoch">Epoch of the ticket.</param>
/// <param name="Secret">Secret of the ticket.</param>
/// <param name="Sessions">Sessions handed over before that the holder takes to be open; those that are not are told of as ended. An
/// agent that was killed may have taken that news with it.</param>
internal sealed record HoldLease(
    int Version,
    string Lease,
    long Epoch,
    string Secret,
    IReadOnlyList<string>? Sessions = null
) : ControlMessage;

/// <summary>Agent: the lease is known and current.</summary>
/// <param name="GraceSeconds">How long the channel may be closed before the lease is given back.</param>
/// <param name="Snapshot">The lease's devices on this node as a worker tells of them (SnapshotHeader and what follows), for
/// clients that only ask about devices.</param>
internal sealed record LeaseHeld(int GraceSeconds, byte[] Snapshot) : ControlMessage;

/// <summary>Holder: a client has come; have a worker ready for it.</summary>
/// <param name="Request">Number of the request, chosen by the holder.</param>
/// <param name="Pid">Process id of the client where it runs.</param>
/// <param name="Program">Path of its program, for lists and logs.</param>
/// <param name="Remote">True: over the network. False: <see cref="HandOver"/> follows on this channel (same node).</param>
/// <param name="Device">Which of the lease's devices on this node, from 0 in the ticket's order: each has a worker of its own.</param>
internal sealed record OpenSession(long Request, int Pid, string Program, bool Remote, int Device = 0) : ControlMessage;

/// <summary>Agent: the answer to <see cref="OpenSession"/>.</summary>
/// <param name="Request">Number of the request.</param>
/// <param name="Offer">How to reach the worker.</param>
internal sealed record SessionOffered(long Request, SessionOffer Offer) : ControlMessage;

/// <summary>Agent: a request, or <see cref="HoldLease"/> (request 0), is refused.</summary>
/// <param name="Request">Number of the request.</param>
/// <param name="Reason">A sentence for people, that says what to do.</param>
internal sealed record Refused(long Request, string Reason) : ControlMessage;

/// <summary>Holder, same node only: the client's socket comes along and goes to the session's worker.</summary>
/// <param name="Session">Session of the offer.</param>
internal sealed record HandOver(string Session) : ControlMessage;

/// <summary>Either: a session is over.</summary>
/// <param name="Session">Session of the offer.</param>
/// <param name="Reason">Null when its client closed it.</param>
internal sealed record SessionEnded(string Session, string? Reason) : ControlMessage;

/// <summary>
/// Agent: the lease was revoked, has run out or was moved; its workers are ending. The agent closes the channel after it.
/// Holder: its program has ended, and nobody comes back to the lease; it closes the channel after it.
/// </summary>
/// <param name="Reason">A sentence for people.</param>
internal sealed record LeaseEnded(string Reason) : ControlMessage;

/// <summary>
/// Agent: a session may go to another node soon; what can be made ready for it beside the program is made ready while the program goes on. Not answered.
/// </summary>
/// <param name="Session">Session of the offer.</param>
/// <param name="Epoch">Epoch of the lease on the other node.</param>
/// <param name="Shard">The lease's part on the other node.</param>
internal sealed record MoveComing(string Session, long Epoch, ShardTicket Shard) : ControlMessage;

/// <summary>
/// Agent: a worker on another node has taken a session over; have the program's relay get ready to go on with it. Of a client that is served on this
/// node itself its socket, segment and host memory come along.
/// </summary>
/// <param name="Session">Session of the offer.</param>
/// <param name="Epoch">Epoch of the lease on the other node.</param>
/// <param name="Shard">The lease's part on the other node, which takes the place of this one.</param>
/// <param name="Offer">How to reach the worker.</param>
/// <param name="State">How far the last worker had come with the client.</param>
internal sealed record MoveSession(string Session, long Epoch, ShardTicket Shard, SessionOffer Offer, StateReport State)
    : ControlMessage;

/// <summary>Holder: the relay is ready to go on with the other worker and waits for <see cref="MoveDecided"/>; or it is not.</summary>
/// <param name="Session">Session of the offer.</param>
/// <param name="Reason">Why it is not, and that nothing has changed; null when it is ready.</param>
internal sealed record MoveReady(string Session, string? Reason) : ControlMessage;

/// <summary>Agent: whose the session is. From here on nothing else can become of it.</summary>
/// <param name="Session">Session of the offer.</param>
/// <param name="Moves">True: the other worker's.</param>
internal sealed record MoveDecided(string Session, bool Moves) : ControlMessage;

/// <summary>Holder: the relay goes on with the other worker.</summary>
/// <param name="Session">Session of the offer.</param>
internal sealed record SessionMoved(string Session) : ControlMessage;

/// <summary>
/// Agent to agent, first on a channel: the controller has sent a session of mine to you. After the answer the image follows, as
/// Weir.Images' ImageSender sends it.
/// </summary>
/// <param name="Version"><see cref="ControlChannel.Version"/>.</param>
/// <param name="Lease">Name of the lease.</param>
/// <param name="Epoch">Its epoch on the node that is asked.</param>
/// <param name="Secret">What the controller gave to the one node, and the hash of it to the other.</param>
/// <param name="Session">Name of the session; it stays.</param>
/// <param name="Client">Process id of its client, where that runs.</param>
/// <param name="Program">Path of the client's program.</param>
/// <param name="Host">The client's machine.</param>
/// <param name="StartedMs">When the session began, Unix time in milliseconds.</param>
internal sealed record BringSession(
    int Version,
    string Lease,
    long Epoch,
    string Secret,
    string Session,
    int Client,
    string Program,
    string Host,
    long StartedMs
) : ControlMessage;

/// <summary>Agent to agent: a worker is there for the session. Otherwise the answer is <see cref="Refused"/>.</summary>
internal sealed record SessionExpected : ControlMessage;
