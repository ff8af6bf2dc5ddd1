using System.Text.Json.Serialization;

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
