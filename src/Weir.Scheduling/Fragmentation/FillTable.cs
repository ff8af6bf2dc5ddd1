using Weir.Scheduling.Cluster;

namespace Weir.Scheduling.Fragmentation;

/// <summary>
/// How much of a device's free compute typical tasks are expected to fill, when they come in random order until none
/// fits any more. In devices (1 is a whole one); processors play no part.
/// </summary>
public sealed class FillTable
{
    private readonly double[] fill;

    /// <summary>Builds the table for all models.</summary>
    public FillTable(IReadOnlyList<TypicalTask> typical, NameTable models)
    {
        int count = Math.Max(1, models.Count);
        fill = new double[count * (TaskShape.WholeDevice + 1)];
        for (int model = 0; model < count; model++)
        {
            Span<double> row = fill.AsSpan(model * (TaskShape.WholeDevice + 1), TaskShape.WholeDevice + 1);
            for (int free = 1; free < row.Length; free++)
            {
                double weight = 0;
                double sum = 0;
                foreach (TypicalTask task in typical)
                {
                    int milli = task.Shape.ComputeMilli;
                    if (task.Shape.Devices == 1 && milli <= free && (task.Shape.Models >> model & 1) != 0)
                    {
                        weight += task.Count;
                        sum += task.Count * (milli / (double)TaskShape.WholeDevice + row[free - milli]);
                    }
                }
                row[free] = weight > 0 ? sum / weight : 0;
            }
        }
    }

    /// <summary>What is expected to be filled of a device of the model with so much free.</summary>
    public double Expected(int model, int free) => fill[model * (TaskShape.WholeDevice + 1) + free];
}
