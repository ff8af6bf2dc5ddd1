using System.Globalization;
using Weir.Devices.Software.Native;
using Weir.Devices.Software.Statistics;

namespace Weir.Devices.Software.Execution;

/// <summary>A copy; large ones are split across cores.</summary>
internal sealed unsafe class CopyCommand : Command
{
    private const long PieceBytes = 1 << 20;
    private const ulong BytesPerNanosecond = 8;

    private readonly CopyShape shape;
    private readonly CopySide destination;
    private readonly CopySide source;
    private readonly bool isFlat;
    private readonly DeviceCounters counters;
    private readonly CopyDirection direction;

    public CopyCommand(
        DeviceStream stream,
        CopyShape shape,
        CopySide destination,
        CopySide source,
        CopyDirection direction,
        DeviceCounters counters,
        int slots
    )
        : base(stream)
    {
        this.shape = shape;
        this.destination = destination;
        this.source = source;
        this.direction = direction;
        this.counters = counters;
        isFlat = shape is { Rows: 1, Slices: 1 };
        if (isFlat)
        {
            SetUnits((long)shape.WidthBytes, slots, PieceBytes);
        }
        else
        {
            long rowsPerPiece = Math.Max(1, PieceBytes / (long)shape.WidthBytes);
            SetUnits((long)(shape.Rows * shape.Slices), slots, rowsPerPiece);
        }
    }

    /// <inheritdoc/>
    public override long ExpectedNanoseconds => (long)(shape.TotalBytes / BytesPerNanosecond);

    /// <inheritdoc/>
    public override bool IsCopy => true;

    /// <inheritdoc/>
    public override void Run(ExecutorSlot slot, long first, long end)
    {
        if (Stream.Context.Fault != 0)
        {
            return;
        }
        if (isFlat)
        {
            Copy((byte*)destination.Start + first, (byte*)source.Start + first, (nuint)(end - first));
        }
        else
        {
            CopyRows(shape, destination, source, (nuint)first, (nuint)end);
        }
    }

    /// <inheritdoc/>
    public override void Complete()
    {
        counters.Copied(direction, shape.TotalBytes);
        Stream.Context.Device.Profiles?.Add(
            $"copy {direction}",
            (long)Stream.Id,
            Began,
            Ended,
            string.Create(CultureInfo.InvariantCulture, $"{shape.TotalBytes} bytes")
        );
    }

    /// <summary>Copies at once.</summary>
    public static void Copy(CopyShape shape, CopySide destination, CopySide source) =>
        CopyRows(shape, destination, source, 0, shape.Rows * shape.Slices);

    private static void CopyRows(CopyShape shape, CopySide destination, CopySide source, nuint first, nuint end)
    {
        for (nuint row = first; row < end; row++)
        {
            nuint slice = row / shape.Rows;
            nuint line = row % shape.Rows;
            Copy(
                (byte*)destination.Start + slice * destination.SliceBytes + line * destination.PitchBytes,
                (byte*)source.Start + slice * source.SliceBytes + line * source.PitchBytes,
                shape.WidthBytes
            );
        }
    }

    // Not the runtime's own copy: what is touched may have to be brought to the device first, and the collector must not wait.
    private static void Copy(byte* to, byte* from, nuint bytes) => _ = LibC.MoveBytes(to, from, bytes);
}
