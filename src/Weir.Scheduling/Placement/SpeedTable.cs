namespace Weir.Scheduling.Placement;

/// <summary>How fast device models are at kinds of work, and what they cost.</summary>
public sealed class SpeedTable
{
    private readonly double[,] speeds;
    private readonly double[] costs;

    /// <summary>A table.</summary>
    /// <param name="speeds">By kind of workload and number of the model: work per hour, relative to any common unit; above 0.</param>
    /// <param name="costPerHour">By number of the model: cost of a device and hour; 0 or more.</param>
    /// <exception cref="ArgumentException">A speed is not above 0, a cost is negative, or the sizes differ.</exception>
    public SpeedTable(double[,] speeds, double[] costPerHour)
    {
        if (speeds.GetLength(1) != costPerHour.Length)
        {
            throw new ArgumentException($"speeds of {speeds.GetLength(1)} models, costs of {costPerHour.Length}");
        }
        foreach (double speed in speeds)
        {
            if (!(speed > 0) || double.IsInfinity(speed))
            {
                throw new ArgumentException($"a speed is {speed}; only numbers above 0 make sense");
            }
        }
        foreach (double cost in costPerHour)
        {
            if (!(cost >= 0) || double.IsInfinity(cost))
            {
                throw new ArgumentException($"a cost per hour is {cost}; 0 or more makes sense");
            }
        }
        this.speeds = (double[,])speeds.Clone();
        costs = (double[])costPerHour.Clone();
    }

    /// <summary>Speed of a model at a kind of work; 1 for what the table does not know.</summary>
    public double Speed(int kind, int model) =>
        (uint)kind < (uint)speeds.GetLength(0) && (uint)model < (uint)costs.Length ? speeds[kind, model] : 1;

    /// <summary>Cost of a device and hour.</summary>
    public double CostPerHour(int model) => (uint)model < (uint)costs.Length ? costs[model] : 0;

    /// <summary>Cost of one unit of work.</summary>
    public double CostOfWork(int kind, int model) => CostPerHour(model) / Speed(kind, model);
}
