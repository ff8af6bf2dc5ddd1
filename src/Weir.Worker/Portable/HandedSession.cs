using Weir.Remote.Workers;

namespace Weir.Worker.Portable;

/// <summary>A session that comes from another worker: the client's descriptors and what is to be done.</summary>
/// <param name="Client">The client's socket.</param>
/// <param name="Segment">The segment.</param>
/// <param name="HostMemory">The host half of the window.</param>
/// <param name="Log">The log of its calls (<see cref="Replaying.CallLog"/>); -1 when it has none.</param>
/// <param name="Order">Where its state lies.</param>
internal sealed record HandedSession(int Client, int Segment, int HostMemory, int Log, StateOrder Order);
