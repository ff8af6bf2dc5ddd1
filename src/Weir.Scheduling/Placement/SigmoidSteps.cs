namespace Weir.Scheduling.Placement;

/// <summary>
/// trunc(100 × sigmoid(x / 1000)) for x = n / weight, without rounding: the smallest n that reaches each score is kept.
/// </summary>
internal sealed class SigmoidSteps
{
    private readonly long[] thresholds = new long[102];

    public SigmoidSteps(int weight)
    {
        thresholds[0] = long.MinValue;
        for (int score = 1; score < 100; score++)
        {
            // 100 / (1 + e^-x) >= score exactly when x >= ln(score / (100 - score)).
            thresholds[score] = (long)Math.Ceiling(weight * 1000.0 * Math.Log(score / (100.0 - score)));
        }
        thresholds[50] = 0;
        thresholds[100] = thresholds[101] = long.MaxValue;
    }

    /// <summary>The score, 0 … 99, of a difference times weight.</summary>
    public int Score(long difference)
    {
        int low = 0;
        int high = 100;
        while (high - low > 1)
        {
            int middle = (low + high) >> 1;
            if (thresholds[middle] <= difference)
            {
                low = middle;
            }
            else
            {
                high = middle;
            }
        }
        return low;
    }
}
