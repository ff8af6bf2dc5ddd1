using Weir.Api;
using Weir.Wire;

namespace Weir.Worker.Relaying;

/// <summary>
/// Which worker a record is for: that of the object or the device memory that it names first, else that of the thread's current context. Devices
/// are renumbered on the way. With one worker there is nothing to decide.
/// </summary>
internal sealed unsafe class ShardRouter(Shard[] shards)
{
    // Handles that a client mints have their kind, never 0, in bits 40 to 43 and no bits above the shard's; no size or address is there.
    private const ulong FirstHandle = 1UL << 40;
    private const ulong EndOfHandles = 13UL << 40;
    private const int LeadingHandles = 3;

    private readonly Dictionary<ulong, Shard> _owners = [];

    /// <summary>The shard for a record; <paramref name="fields"/> may be changed.</summary>
    /// <exception cref="ProtocolException">It names a device that does not exist.</exception>
    public Shard Route(ref RecordHeader header, ulong* fields, int count)
    {
        if (shards.Length == 1)
        {
            shards[0].Context = header.Context;
            return shards[0];
        }
        if (CallTable.IsOfObjects(header.Op))
        {
            // Objects of OpenCL are all on the first one's node.
            return shards[0];
        }
        switch ((Op)header.Op)
        {
            case Op.CtxCreate:
                return Create(fields, count, 2);
            case Op.DevicePrimaryCtxRetain or Op.DefaultPool:
                return Create(fields, count, 1);
            case Op.DevicePrimaryCtxRelease
            or Op.DevicePrimaryCtxReset
            or Op.DevicePrimaryCtxSetFlags
            or Op.DeviceSetMemPool:
                return OfDevice(ref fields[0]);
        }
        Shard? named = ByHandle(fields, count) ?? ByAddress(header, fields, count);
        Shard? current = _owners.GetValueOrDefault(header.Context);
        if (current is not null)
        {
            current.Context = header.Context;
        }
        Shard chosen = named ?? current ?? shards[0];
        for (int i = 0; i < Math.Min(count, LeadingHandles) && IsHandle(fields[i]); i++)
        {
            // What nobody knows yet is being made.
            _ = _owners.TryAdd(fields[i], chosen);
        }
        if (current != chosen && header.Context != 0)
        {
            // The thread's context is another worker's, which this one has never heard of.
            header.Context = chosen.Context;
        }
        return chosen;
    }

    /// <summary>The shard whose device memory holds an address; null when none does.</summary>
    public Shard? OfMemory(ulong address)
    {
        foreach (Shard shard in shards)
        {
            if (address - shard.WindowBase < shard.WindowBytes)
            {
                return shard;
            }
        }
        return null;
    }

    /// <summary>The shard that a handle was made on; null when it is unknown or no handle.</summary>
    public Shard? OfHandle(ulong handle) => IsHandle(handle) ? _owners.GetValueOrDefault(handle) : null;

    private static bool IsHandle(ulong value) => value is >= FirstHandle and < EndOfHandles && (value & 15) == 0;

    private Shard Create(ulong* fields, int count, int deviceField)
    {
        if (count <= deviceField)
        {
            throw new ProtocolException("a record is too short for what it is");
        }
        Shard shard = OfDevice(ref fields[deviceField]);
        _owners[fields[0]] = shard;
        if (shard.Context == 0)
        {
            shard.Context = fields[0];
        }
        return shard;
    }

    private Shard OfDevice(ref ulong device)
    {
        foreach (Shard shard in shards)
        {
            if (device - shard.FirstDevice < shard.DeviceCount)
            {
                device -= shard.FirstDevice;
                return shard;
            }
        }
        throw new ProtocolException("a record names a device that does not exist");
    }

    private Shard? ByHandle(ulong* fields, int count)
    {
        for (int i = 0; i < Math.Min(count, LeadingHandles) && IsHandle(fields[i]); i++)
        {
            if (_owners.TryGetValue(fields[i], out Shard? owner))
            {
                return owner;
            }
        }
        return null;
    }

    private Shard? ByAddress(in RecordHeader header, ulong* fields, int count)
    {
        // Presence words and chunks may stand before the address.
        int last = (Op)header.Op switch
        {
            Op.CopyOut => 1,
            Op.MemGetAddressRange => 2,
            _ => 0,
        };
        Shard? found = null;
        for (int i = 0; i <= last && i < count && found is null; i++)
        {
            found = OfMemory(fields[i]);
        }
        return found;
    }
}
