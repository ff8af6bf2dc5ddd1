using Weir.Api;
using Weir.Wire;

namespace Weir.Worker.Handles;

/// <summary>The handle tables of a session, one per kind.</summary>
internal sealed class HandleTables
{
    private readonly HandleTable[] _tables = [.. Enumerable.Range(0, 32).Select(kind => new HandleTable((uint)kind))];

    /// <summary>Counted up when contexts come or go, so that executors set theirs anew.</summary>
    public int ContextChanges => Volatile.Read(ref _contextChanges);

    private int _contextChanges;

    /// <summary>The table of one kind.</summary>
    public HandleTable this[HandleKind kind] => _tables[(int)kind];

    /// <summary>The device's own handle; false when the client's is stale, invented or of another kind.</summary>
    public bool TryGet(HandleKind kind, ulong handle, out nint native) => _tables[(int)kind].TryGet(handle, out native);

    /// <summary>Enters what a call has created.</summary>
    /// <exception cref="ProtocolException">The client chose a handle that is live or malformed.</exception>
    public void Add(HandleKind kind, ulong handle, nint native)
    {
        Changed(kind);
        if (!_tables[(int)kind].TryAdd(handle, native))
        {
            throw new ProtocolException($"{kind} handle 0x{handle:x} is malformed");
        }
    }

    /// <summary>Removes what a call has destroyed; nothing happens when it is not live.</summary>
    public void Remove(HandleKind kind, ulong handle)
    {
        Changed(kind);
        _ = _tables[(int)kind].TryRemove(handle);
    }

    private void Changed(HandleKind kind)
    {
        if (kind == HandleKind.Context)
        {
            _ = Interlocked.Increment(ref _contextChanges);
        }
    }
}
