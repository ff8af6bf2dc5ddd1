namespace Weir.Devices.Software.Execution;

/// <summary>Fills pitched memory with elements of 1, 2 or 4 bytes.</summary>
internal sealed unsafe class FillCommand : Command
{
    private const long PieceBytes = 1 << 20;

    private readonly CopySide destination;
    private readonly nuint elementsPerRow;
    private readonly int elementBytes;
    private readonly uint value;
    private readonly bool isFlat;

    /// <param name="stream">Stream it belongs to.</param>
    /// <param name="destination">Where.</param>
    /// <param name="elementsPerRow">Elements in a row.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="elementBytes">1, 2 or 4.</param>
    /// <param name="value">Element; its low bytes count.</param>
    /// <param name="slots">Slots of the device.</param>
    public FillCommand(
        DeviceStream stream,
        CopySide destination,
        nuint elementsPerRow,
        nuint rows,
        int elementBytes,
        uint value,
        int slots
    )
        : base(stream)
    {
        this.destination = destination;
        this.elementsPerRow = elementsPerRow;
        this.elementBytes = elementBytes;
        this.value = value;
        isFlat = rows == 1;
        if (isFlat)
        {
            SetUnits((long)elementsPerRow, slots, PieceBytes / elementBytes);
        }
        else
        {
            SetUnits((long)rows, slots, Math.Max(1, PieceBytes / ((long)elementsPerRow * elementBytes)));
        }
    }

    /// <inheritdoc/>
    public override void Run(ExecutorSlot slot, long first, long end)
    {
        if (Stream.Context.Fault != 0)
        {
            return;
        }
        if (isFlat)
        {
            Fill(destination.Start + (ulong)(first * elementBytes), (nuint)(end - first), elementBytes, value);
            return;
        }
        for (long row = first; row < end; row++)
        {
            Fill(destination.Start + (ulong)row * destination.PitchBytes, elementsPerRow, elementBytes, value);
        }
    }

    /// <summary>Fills a row at once.</summary>
    public static void Fill(ulong start, nuint count, int elementBytes, uint value)
    {
        const int Most = 1 << 28;
        while (count > 0)
        {
            int part = (int)Math.Min(count, Most);
            switch (elementBytes)
            {
                case 1:
                    new Span<byte>((byte*)start, part).Fill((byte)value);
                    break;
                case 2:
                    new Span<ushort>((ushort*)start, part).Fill((ushort)value);
                    break;
                default:
                    new Span<uint>((uint*)start, part).Fill(value);
                    break;
            }
            start += (ulong)part * (ulong)elementBytes;
            count -= (nuint)part;
        }
    }
}
