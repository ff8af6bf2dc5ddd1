using Weir.Shim.Guest;

namespace Weir.Shim.Graphs;

/// <summary>The one lock of all graphs, captures and user objects.</summary>
internal static class GraphLock
{
    private static GuestLock s_lock;

    internal static void Enter() => s_lock.Enter();

    internal static void Leave() => s_lock.Leave();
}
