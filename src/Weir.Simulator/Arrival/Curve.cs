namespace Weir.Simulator.Arrival;

/// <summary>Means of values by rounded arrived percent, as in the published tables.</summary>
internal sealed class Curve(int columns)
{
    private readonly double[] sums = new double[columns];
    private readonly int[] counts = new int[columns];

    public void Add(int column, double value)
    {
        if ((uint)column < (uint)sums.Length)
        {
            sums[column] += value;
            counts[column]++;
        }
    }

    /// <summary>The means; a column without values has the mean of its neighbours' values, else the one before.</summary>
    public double[] Means()
    {
        double[] means = new double[sums.Length];
        for (int i = 0; i < means.Length; i++)
        {
            double sum = sums[i];
            int count = counts[i];
            if (count == 0)
            {
                for (int j = Math.Max(0, i - 1); j <= Math.Min(i + 1, means.Length - 1); j++)
                {
                    sum += sums[j];
                    count += counts[j];
                }
            }
            means[i] =
                count > 0 ? sum / count
                : i > 0 ? means[i - 1]
                : 0;
        }
        return means;
    }
}
