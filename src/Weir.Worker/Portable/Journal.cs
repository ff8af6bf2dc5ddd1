using Weir.Api;

namespace Weir.Worker.Portable;

/// <summary>
/// The records that a session's state consists of, without those whose effect is gone: what the API description says of each call
/// (<see cref="CallTable.Carriage"/>) decides what is kept and what ends it. Replayed in order they make the same objects with the same
/// handles, for handles are the client's. Safe for several threads.
/// </summary>
internal sealed unsafe class Journal
{
    private readonly Lock _gate = new();
    private readonly Dictionary<ulong, JournalEntry> _objects = [];
    private readonly Dictionary<Setting, JournalEntry> _settings = [];

    // What ends with what, by the one that ends first.
    private readonly Dictionary<ulong, List<JournalEntry>> _owned = [];
    private readonly Dictionary<ushort, int> _never = [];
    private ulong _currentPool;
    private long _order;

    /// <summary>What a setting sets: the same call about the same thing in the same context.</summary>
    private readonly record struct Setting(ushort Op, ulong Context, ulong First, ulong Second, ulong Third);

    /// <summary>Address ranges and physical memory that the program maps itself.</summary>
    public VirtualTable Virtual { get; } = new();

    /// <summary>Calls whose state cannot be carried and that have been made.</summary>
    public IReadOnlyList<ushort> Never
    {
        get
        {
            lock (_gate)
            {
                return [.. _never.Keys];
            }
        }
    }

    /// <summary>Number of records kept.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _objects.Count + _settings.Count;
            }
        }
    }

    /// <summary>Calls of this number may be of interest; the others need not be noted.</summary>
    public static bool Concerns(ushort op)
    {
        const int Kinds =
            (1 << (int)CarriageKind.New)
            | (1 << (int)CarriageKind.End)
            | (1 << (int)CarriageKind.Set)
            | (1 << (int)CarriageKind.Worker)
            | (1 << (int)CarriageKind.Never);
        return (Kinds >> (int)CallTable.Carriage(op) & 1) != 0;
    }

    /// <summary>A record was carried out.</summary>
    /// <param name="op">Its call.</param>
    /// <param name="context">The context that was current, as the client calls it.</param>
    /// <param name="fields">Its fields.</param>
    /// <param name="bytes">Their length.</param>
    /// <param name="answer">What was answered.</param>
    /// <param name="isDone">Whether it succeeded.</param>
    /// <param name="image">The module that it loaded.</param>
    public void Note(ushort op, ulong context, byte* fields, int bytes, byte* answer, bool isDone, byte[]? image)
    {
        CarriageKind kind = CallTable.Carriage(op);
        // Handles end even when the device refuses: the client has no use for them any more.
        if (!isDone && kind != CarriageKind.End)
        {
            return;
        }
        ulong* words = (ulong*)fields;
        lock (_gate)
        {
            switch (kind)
            {
                case CarriageKind.New:
                    ulong made = Name(op, 0, words, answer);
                    Drop(made);
                    Add(op, context, new ReadOnlySpan<byte>(fields, bytes), made, image);
                    break;
                case CarriageKind.End:
                    ulong ended = Name(op, 0, words, answer);
                    if (isDone || !IsByAddress((Op)op))
                    {
                        End(ended);
                    }
                    break;
                case CarriageKind.Set:
                    Set(op, context, words, new ReadOnlySpan<byte>(fields, bytes));
                    break;
                case CarriageKind.Never:
                    _never[op] = _never.GetValueOrDefault(op) + 1;
                    break;
                case CarriageKind.Worker when !CallTable.IsOfObjects(op):
                    Virtual.Note((Op)op, words, answer == null ? 0 : *(ulong*)answer);
                    break;
            }
        }
    }

    /// <summary>An object ended in a way that its record does not name.</summary>
    public void Ended(ulong handle)
    {
        lock (_gate)
        {
            End(handle);
        }
    }

    /// <summary>What there is, in the order in which it came.</summary>
    public List<JournalEntry> Entries()
    {
        lock (_gate)
        {
            return [.. _objects.Values.Concat(_settings.Values).OrderBy(entry => entry.Order)];
        }
    }

    /// <summary>Takes over the entries of an image, in their order.</summary>
    public void Adopt(IEnumerable<JournalEntry> entries)
    {
        lock (_gate)
        {
            foreach (JournalEntry entry in entries)
            {
                _order = Math.Max(_order, entry.Order + 1);
                if (entry.Object != 0)
                {
                    _objects[entry.Object] = entry;
                }
                else
                {
                    fixed (byte* fields = entry.Fields)
                    {
                        _settings[SettingOf(entry.Op, entry.Context, (ulong*)fields)] = entry;
                    }
                }
                if ((Op)entry.Op == Op.DeviceSetMemPool)
                {
                    _currentPool = BitConverter.ToUInt64(entry.Fields, sizeof(ulong));
                }
                Own(entry);
            }
            foreach (JournalEntry entry in _objects.Values)
            {
                if (entry.Source != 0 && _objects.TryGetValue(entry.Source, out JournalEntry? source))
                {
                    source.Users++;
                }
            }
        }
    }

    private void Add(ushort op, ulong context, ReadOnlySpan<byte> fields, ulong made, byte[]? image)
    {
        byte[] kept = fields.ToArray();
        ulong source = 0;
        if ((Op)op is Op.MemAllocAsync or Op.MemAllocFromPoolAsync)
        {
            (op, kept, source) = FromPool((Op)op, kept);
        }
        JournalEntry entry = new()
        {
            Op = op,
            Context = context,
            Fields = kept,
            Object = made,
            Owner = OwnerOf((Op)op, context, kept),
            Source = source,
            Order = _order++,
            Image = image,
        };
        _objects[made] = entry;
        Own(entry);
        if (source != 0 && _objects.TryGetValue(source, out JournalEntry? pool))
        {
            pool.Users++;
        }
    }

    // The stream says nothing any more, and the pool that was current then may not be so now.
    private (ushort Op, byte[] Fields, ulong Pool) FromPool(Op op, byte[] fields)
    {
        ulong bytes = BitConverter.ToUInt64(fields, 0);
        ulong pool = op == Op.MemAllocFromPoolAsync ? BitConverter.ToUInt64(fields, sizeof(ulong)) : _currentPool;
        ulong[] words = pool == 0 ? [bytes, 0] : [bytes, pool, 0];
        byte[] kept = new byte[words.Length * sizeof(ulong)];
        Buffer.BlockCopy(words, 0, kept, 0, kept.Length);
        return ((ushort)(pool == 0 ? Op.MemAllocAsync : Op.MemAllocFromPoolAsync), kept, pool);
    }

    private void Set(ushort op, ulong context, ulong* words, ReadOnlySpan<byte> fields)
    {
        if ((Op)op == Op.DeviceSetMemPool)
        {
            _currentPool = words[1];
        }
        Setting setting = SettingOf(op, context, words);
        if (_settings.Remove(setting, out JournalEntry? old))
        {
            Disown(old);
        }
        JournalEntry entry = new()
        {
            Op = op,
            Context = context,
            Fields = fields.ToArray(),
            Object = 0,
            Owner = OwnerOf((Op)op, context, fields),
            Order = _order++,
        };
        _settings.Add(setting, entry);
        Own(entry);
    }

    private static Setting SettingOf(ushort op, ulong context, ulong* words) =>
        new(
            op,
            IsOfContext((Op)op) ? context : 0,
            Name(op, 0, words, null),
            Name(op, 1, words, null),
            Name(op, 2, words, null)
        );

    private void End(ulong name)
    {
        if (_objects.TryGetValue(name, out JournalEntry? entry))
        {
            if (entry.Users > 0)
            {
                entry.HasEnded = true;
            }
            else
            {
                Drop(name);
            }
        }
        if (name == _currentPool)
        {
            _currentPool = 0;
        }
        DropOwned(name);
    }

    private void Drop(ulong name)
    {
        if (!_objects.Remove(name, out JournalEntry? entry))
        {
            return;
        }
        Disown(entry);
        if (entry.Source != 0 && _objects.TryGetValue(entry.Source, out JournalEntry? source) && --source.Users == 0)
        {
            if (source.HasEnded)
            {
                Drop(source.Object);
            }
        }
    }

    private void DropOwned(ulong owner)
    {
        if (owner == 0 || !_owned.Remove(owner, out List<JournalEntry>? entries))
        {
            return;
        }
        foreach (JournalEntry entry in entries)
        {
            if (entry.Object != 0)
            {
                Drop(entry.Object);
                DropOwned(entry.Object);
                continue;
            }
            fixed (byte* fields = entry.Fields)
            {
                _ = _settings.Remove(SettingOf(entry.Op, entry.Context, (ulong*)fields));
            }
        }
    }

    private void Own(JournalEntry entry)
    {
        if (entry.Owner == 0)
        {
            return;
        }
        if (!_owned.TryGetValue(entry.Owner, out List<JournalEntry>? entries))
        {
            entries = [];
            _owned.Add(entry.Owner, entries);
        }
        entries.Add(entry);
    }

    private void Disown(JournalEntry entry)
    {
        if (entry.Owner == 0 || !_owned.TryGetValue(entry.Owner, out List<JournalEntry>? entries))
        {
            return;
        }
        // The newest go first most of the time.
        int at = entries.LastIndexOf(entry);
        if (at >= 0)
        {
            entries.RemoveAt(at);
        }
        if (entries.Count == 0)
        {
            _ = _owned.Remove(entry.Owner);
        }
    }

    private static ulong Name(ushort op, int index, ulong* words, byte* answer)
    {
        int field = CallTable.CarriageField(op, index);
        return field < 0 ? 0
            : field != CallTable.FirstOfAnswer ? words[field]
            : answer == null ? 0
            : *(ulong*)answer;
    }

    // What an object ends with: usually the context that it was made in.
    private static ulong OwnerOf(Op op, ulong context, ReadOnlySpan<byte> fields)
    {
        ReadOnlySpan<ulong> words = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, ulong>(fields);
        if (CallTable.IsOfObjects((ushort)op))
        {
            // What is set on an object ends with it; objects end by themselves.
            return CallTable.Carriage((ushort)op) == CarriageKind.Set ? words[0] : 0;
        }
        return op switch
        {
            Op.ModuleGetFunction => words[1],
            Op.FuncSetAttribute or Op.FuncSetCacheConfig or Op.FuncSetSharedMemConfig => words[0],
            Op.SetPoolAttribute or Op.MemPoolSetAccess => words[0],
            Op.DeviceSetMemPool => words[1],
            Op.TexObjectCreate when IsArray(fields, out ulong array) => array,
            _ => IsOfContext(op) ? context : 0,
        };
    }

    // Pools, what comes from them, host memory and contexts themselves live on when a context ends.
    private static bool IsOfContext(Op op) =>
        !CallTable.IsOfObjects((ushort)op)
        && op
            is not (
                Op.CtxCreate
                or Op.DevicePrimaryCtxRetain
                or Op.DevicePrimaryCtxSetFlags
                or Op.MemPoolCreate
                or Op.DefaultPool
                or Op.DeviceSetMemPool
                or Op.SetPoolAttribute
                or Op.MemPoolSetAccess
                or Op.MemAllocAsync
                or Op.MemAllocFromPoolAsync
                or Op.UseHost
            );

    private static bool IsArray(ReadOnlySpan<byte> fields, out ulong array)
    {
        array = 0;
        if (fields.Length < sizeof(CUDA_RESOURCE_DESC))
        {
            return false;
        }
        var resource = System.Runtime.InteropServices.MemoryMarshal.Read<CUDA_RESOURCE_DESC>(fields);
        array = (ulong)resource.hArray;
        return resource.resType is CUresourcetype.Array or CUresourcetype.MipmappedArray;
    }

    private static bool IsByAddress(Op op) =>
        op is Op.MemFree or Op.MemFreeAsync or Op.TexObjectDestroy or Op.ReleaseHost;
}
