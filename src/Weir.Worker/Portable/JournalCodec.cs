using Weir.Api;
using Weir.Images;

namespace Weir.Worker.Portable;

/// <summary>The journal as bytes. Images of modules lie beside it.</summary>
internal static class JournalCodec
{
    /// <summary>Writes all entries; their images go to <paramref name="images"/>, in the order in which they are named.</summary>
    public static byte[] Encode(IReadOnlyList<JournalEntry> entries, List<byte[]> images)
    {
        var writer = new StateWriter();
        writer.Number((ulong)entries.Count);
        foreach (JournalEntry entry in entries)
        {
            writer.Number(entry.Op);
            writer.Number(entry.Context);
            writer.Number(entry.Object);
            writer.Number(entry.Owner);
            writer.Number(entry.Source);
            writer.Number((ulong)entry.Order);
            writer.Number(entry.HasEnded ? 1u : 0);
            writer.Text(entry.Fields);
            writer.Numbers(entry.Places);
            if (entry.Image is { } image)
            {
                images.Add(image);
            }
            writer.Number(entry.Image is null ? 0 : (ulong)images.Count);
        }
        return writer.Bytes.ToArray();
    }

    /// <summary>Reads them again.</summary>
    /// <exception cref="ImageException">They are none, or of calls that this version does not know.</exception>
    public static List<JournalEntry> Decode(ReadOnlySpan<byte> bytes, IReadOnlyList<byte[]> images)
    {
        const int LeastBytes = 10 * sizeof(ulong);
        var reader = new StateReader(bytes);
        int count = reader.Count(LeastBytes);
        List<JournalEntry> entries = new(count);
        for (int i = 0; i < count; i++)
        {
            ushort op = (ushort)reader.Below(ushort.MaxValue);
            if (!CallTable.IsKnown(op) || !Journal.Concerns(op))
            {
                throw new ImageException(
                    ImageFault.Newer,
                    $"the image holds calls of number {op}, which this version of Weir does not know"
                );
            }
            ulong context = reader.Number();
            ulong made = reader.Number();
            ulong owner = reader.Number();
            ulong source = reader.Number();
            long order = (long)reader.Number();
            bool hasEnded = reader.Below(2) == 1;
            byte[] fields = reader.Text().ToArray();
            ulong[] places = reader.Numbers();
            int image = reader.Below(images.Count + 1);
            entries.Add(
                new JournalEntry
                {
                    Op = op,
                    Context = context,
                    Object = made,
                    Owner = owner,
                    Source = source,
                    Order = order,
                    HasEnded = hasEnded,
                    Fields = Checked(op, fields),
                    Places = places,
                    Image = image == 0 ? null : images[image - 1],
                }
            );
        }
        reader.End();
        return entries;
    }

    // The fields that name what a call concerns are read before the dispatcher checks the rest.
    private static byte[] Checked(ushort op, byte[] fields)
    {
        int least = 0;
        for (int index = 0; index < 3; index++)
        {
            int field = CallTable.CarriageField(op, index);
            least = field is >= 0 and < CallTable.FirstOfAnswer ? Math.Max(least, (field + 1) * sizeof(ulong)) : least;
        }
        if (
            fields.Length < least
            || fields.Length % sizeof(ulong) != 0
            || fields.Length > Weir.Wire.SegmentLayout.MaxRecordBytes
        )
        {
            throw new ImageException(
                ImageFault.Malformed,
                $"a record of {CallTable.Name(op)} in the image has an impossible length"
            );
        }
        return fields;
    }
}
