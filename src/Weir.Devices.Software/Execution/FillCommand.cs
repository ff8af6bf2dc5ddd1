using Weir.Devices.Software.Native;

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
            Fill(destination.Start + (ulong)(first * elementBytes), (nuint)(end - first), elementBytes, value);
            return;
        }
        for (long row = first; row < end; row++)
        {
            Fill(destination.Start + (ulong)row * destination.PitchBytes, elementsPerRow, elementBytes, value);
        }
    }

    /// <inheritdoc/>
    public override void Complete() => Stream.Context.Device.Profiles?.Add("fill", (long)Stream.Id, Began, Ended, "");

    /// <summary>Fills a row at once.</summary>
    public static void Fill(ulong start, nuint count, int elementBytes, uint value)
    {
        // Not the runtime's own fill: what is touched may have to be brought to the device first, and the collector must not wait.
        nuint bytes = count * (nuint)elementBytes;
        uint element = elementBytes switch
        {
            1 => (byte)value * 0x0101_0101u,
            2 => (ushort)value * 0x0001_0001u,
            _ => value,
        };
        if (element == (byte)element * 0x0101_0101u)
        {
            _ = LibC.FillBytes((void*)start, (byte)element, bytes);
            return;
        }
        const int PatternBytes = 4096;
        uint* pattern = stackalloc uint[PatternBytes / sizeof(uint)];
        new Span<uint>(pattern, (int)Math.Min(bytes / sizeof(uint) + 1, PatternBytes / sizeof(uint))).Fill(element);
        for (nuint done = 0; done < bytes; done += PatternBytes)
        {
            _ = LibC.MoveBytes((void*)(start + done), pattern, Math.Min(PatternBytes, bytes - done));
        }
    }
}
