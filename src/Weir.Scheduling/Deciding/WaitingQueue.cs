namespace Weir.Scheduling.Deciding;

/// <summary>Waiting claims in order.</summary>
internal sealed class WaitingQueue(Comparison<ClaimState> order)
{
    private readonly List<ClaimState> claims = [];

    public int Count => claims.Count;

    public ClaimState this[int index] => claims[index];

    public void Add(ClaimState claim) => claims.Insert(Position(claim), claim);

    public bool Remove(ClaimState claim)
    {
        int at = Position(claim);
        if (at < claims.Count && ReferenceEquals(claims[at], claim))
        {
            claims.RemoveAt(at);
            return true;
        }
        return false;
    }

    public void RemoveAt(int index) => claims.RemoveAt(index);

    // The first place that is not before the claim; the order is total, so it is the claim's own when it is there.
    private int Position(ClaimState claim)
    {
        int low = 0;
        int high = claims.Count;
        while (low < high)
        {
            int middle = (low + high) >> 1;
            if (order(claims[middle], claim) < 0)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }
        return low;
    }

    /// <summary>By priority, then arrival, then id.</summary>
    public static int ByPriority(ClaimState x, ClaimState y)
    {
        int order = y.Config.Priority.CompareTo(x.Config.Priority);
        order = order != 0 ? order : x.Submitted.CompareTo(y.Submitted);
        return order != 0 ? order : x.Config.Id.CompareTo(y.Config.Id);
    }

    /// <summary>By predicted duration; unknown ones last.</summary>
    public static int ByDuration(ClaimState x, ClaimState y)
    {
        double left = double.IsNaN(x.Config.PredictedSeconds) ? double.MaxValue : x.Config.PredictedSeconds;
        double right = double.IsNaN(y.Config.PredictedSeconds) ? double.MaxValue : y.Config.PredictedSeconds;
        int order = left.CompareTo(right);
        return order != 0 ? order : ByPriority(x, y);
    }
}
