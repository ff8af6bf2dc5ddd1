namespace Weir.Cli.Bench;

/// <summary>The figures of several runs of one program.</summary>
internal sealed class Samples
{
    private readonly Dictionary<string, List<double>> _values = [];

    /// <summary>Adds those of one run.</summary>
    public void Add(Dictionary<string, double> run)
    {
        foreach ((string name, double value) in run)
        {
            if (!_values.TryGetValue(name, out List<double>? values))
            {
                _values[name] = values = [];
            }
            values.Add(value);
        }
    }

    /// <summary>The median of a figure over the runs.</summary>
    /// <exception cref="KeyNotFoundException">No run printed it.</exception>
    public double Median(string name)
    {
        List<double> sorted = [.. _values[name].Order()];
        return sorted[sorted.Count / 2];
    }
}
