using Weir.Api;
using Weir.Images;
using Weir.Wire;
using Weir.Worker.Rings;
using Weir.Worker.Sessions;

namespace Weir.Worker.Portable;

/// <summary>What a session's state consists of beside its journal and its memory: how far it has come with its client, and what records do not give back.</summary>
internal sealed class SideState
{
    // What devices are asked about (IPortableDevice.ReadState).
    private static readonly HandleKind[] s_kinds = [HandleKind.Context, HandleKind.Event, HandleKind.MemoryPool];

    /// <summary>The window.</summary>
    public required Window Window { get; init; }

    /// <summary>The device's clock when this was noted.</summary>
    public required long Clock { get; init; }

    /// <summary>How far rings have been read.</summary>
    public required IReadOnlyList<RingPosition> Rings { get; init; }

    /// <summary>Host functions queued so far.</summary>
    public required uint Callbacks { get; init; }

    /// <summary>Errors of posts that nobody has asked for yet, by context.</summary>
    public required IReadOnlyList<KeyValuePair<ulong, CuResult>> Errors { get; init; }

    /// <summary>The client's handle of each device's primary context.</summary>
    public required IReadOnlyList<KeyValuePair<int, ulong>> Primary { get; init; }

    /// <summary>Module images of which some parts have come.</summary>
    public required IReadOnlyList<KeyValuePair<ulong, byte[]>> Blobs { get; init; }

    /// <summary>What the device knows of objects, by the client's handle.</summary>
    public required IReadOnlyList<(HandleKind Kind, ulong Handle, long[] State)> Objects { get; init; }

    /// <summary>Of a session at rest.</summary>
    public static SideState Of(Session session, IPortableDevice device) =>
        new()
        {
            Window = session.Window,
            Clock = device.Clock,
            Rings = session.Rings.Positions(),
            Callbacks = session.Callbacks.Queued,
            Errors = session.Errors.All(),
            Primary = [.. session.PrimaryContexts],
            Blobs = session.Blobs.All(),
            Objects =
            [
                .. s_kinds.SelectMany(kind =>
                    session
                        .Handles[kind]
                        .Live()
                        .Select(live => (kind, live.Handle, device.ReadState(kind, live.Native)))
                        .Where(one => one.Item3.Length > 0)
                ),
                (HandleKind.None, 0, device.ReadState(HandleKind.None, 0)),
            ],
        };

    /// <summary>As bytes.</summary>
    public byte[] Encode()
    {
        var writer = new StateWriter();
        writer.Number(Window.Base);
        writer.Number(Window.Bytes);
        writer.Number((ulong)Clock);
        writer.Number(Callbacks);
        writer.Number((ulong)Rings.Count);
        foreach (RingPosition ring in Rings)
        {
            writer.Number((ulong)ring.Slot);
            writer.Number(ring.Bytes);
            writer.Number(ring.Replies);
        }
        writer.Number((ulong)Errors.Count);
        foreach ((ulong context, CuResult error) in Errors)
        {
            writer.Number(context);
            writer.Number((ulong)error);
        }
        writer.Number((ulong)Primary.Count);
        foreach ((int device, ulong context) in Primary)
        {
            writer.Number((ulong)device);
            writer.Number(context);
        }
        writer.Number((ulong)Blobs.Count);
        foreach ((ulong blob, byte[] bytes) in Blobs)
        {
            writer.Number(blob);
            writer.Text(bytes);
        }
        writer.Number((ulong)Objects.Count);
        foreach ((HandleKind kind, ulong handle, long[] state) in Objects)
        {
            writer.Number((ulong)kind);
            writer.Number(handle);
            writer.Numbers([.. state.Select(value => (ulong)value)]);
        }
        return writer.Bytes.ToArray();
    }

    /// <exception cref="ImageException">The bytes are none.</exception>
    public static SideState Decode(ReadOnlySpan<byte> bytes)
    {
        const int Pair = 2 * sizeof(ulong);
        const int Kinds = 16;
        const int Devices = 64;
        var reader = new StateReader(bytes);
        var window = new Window(reader.Number(), reader.Number());
        long clock = (long)reader.Number();
        uint callbacks = (uint)reader.Number();
        List<RingPosition> rings = [];
        for (int left = reader.Count(Pair); left > 0; left--)
        {
            rings.Add(new RingPosition(reader.Below(SegmentLayout.SlotCount), reader.Number(), (uint)reader.Number()));
        }
        List<KeyValuePair<ulong, CuResult>> errors = [];
        for (int left = reader.Count(Pair); left > 0; left--)
        {
            errors.Add(KeyValuePair.Create(reader.Number(), (CuResult)reader.Number()));
        }
        List<KeyValuePair<int, ulong>> primary = [];
        for (int left = reader.Count(Pair); left > 0; left--)
        {
            primary.Add(KeyValuePair.Create(reader.Below(Devices), reader.Number()));
        }
        List<KeyValuePair<ulong, byte[]>> blobs = [];
        for (int left = reader.Count(Pair); left > 0; left--)
        {
            blobs.Add(KeyValuePair.Create(reader.Number(), reader.Text().ToArray()));
        }
        List<(HandleKind, ulong, long[])> objects = [];
        for (int left = reader.Count(Pair); left > 0; left--)
        {
            var kind = (HandleKind)reader.Below(Kinds);
            objects.Add((kind, reader.Number(), [.. reader.Numbers().Select(value => (long)value)]));
        }
        reader.End();
        return new SideState
        {
            Window = window,
            Clock = clock,
            Callbacks = callbacks,
            Rings = rings,
            Errors = errors,
            Primary = primary,
            Blobs = blobs,
            Objects = objects,
        };
    }
}
