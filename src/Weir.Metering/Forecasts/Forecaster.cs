namespace Weir.Metering.Forecasts;

/// <summary>What is expected of one step.</summary>
/// <param name="Low">In one of ten cases it is less.</param>
/// <param name="Expected">The middle.</param>
/// <param name="High">In one of ten cases it is more.</param>
public readonly record struct ForecastPoint(double Low, double Expected, double High);

/// <summary>
/// Says what a series will do by what would have said it best so far: several simple models forecast the past from the past before it, at
/// rolling origins; for each distance the best one is taken, and its errors there are the interval. Repeating the last season, the usual
/// yardstick, is one of the models, so that a series that does nothing else is not made worse.
/// </summary>
public sealed class Forecaster
{
    private const int MostOrigins = 60;
    private const int LeastHistory = 3;

    private readonly double[] _history;
    private readonly int[] _seasons;
    private readonly IForecastModel[] _models;

    // By distance: which model, and the errors that it made, in order.
    private readonly List<(int UpTo, IForecastModel Model, double[] Errors)> _choices = [];

    /// <param name="history">Values of equal steps, the oldest first; at least one.</param>
    /// <param name="horizon">How many steps are asked for at most.</param>
    /// <param name="seasons">Lengths of what repeats, in steps, the shortest first.</param>
    public Forecaster(IReadOnlyList<double> history, int horizon, params int[] seasons)
    {
        if (history.Count == 0 || horizon < 1)
        {
            throw new ArgumentException("a forecast needs a past and a horizon", nameof(history));
        }
        _history = [.. history];
        _seasons = [.. seasons.Where(season => season > 1 && season * 2 <= history.Count)];
        _models = [.. Models()];
        Choose(horizon);
    }

    /// <summary>The chosen models by distance, for people: "1-24: level and season".</summary>
    public IReadOnlyList<string> Choices => [.. _choices.Select(choice => $"up to {choice.UpTo}: {choice.Model.Name}")];

    /// <summary>The next steps.</summary>
    public ForecastPoint[] Next(int steps)
    {
        var points = new ForecastPoint[steps];
        Dictionary<IForecastModel, double[]> said = [];
        for (int step = 0; step < steps; step++)
        {
            (_, IForecastModel model, double[] errors) = _choices.FirstOrDefault(
                choice => step < choice.UpTo,
                _choices[^1]
            );
            if (!said.TryGetValue(model, out double[]? values))
            {
                values = model.Forecast(_history, steps);
                said.Add(model, values);
            }
            double value = values[step];
            double middle = Math.Max(0, value + Quantile(errors, 0.5));
            points[step] = new ForecastPoint(
                Math.Min(middle, Math.Max(0, value + Quantile(errors, 0.1))),
                middle,
                Math.Max(middle, value + Quantile(errors, 0.9))
            );
        }
        return points;
    }

    /// <summary>Repeats the last season: the yardstick of forecasts.</summary>
    public static double[] SeasonalNaive(ReadOnlySpan<double> history, int season, int steps) =>
        new RepeatModel(season).Forecast(history, steps);

    private IEnumerable<IForecastModel> Models()
    {
        yield return new RepeatModel(1);
        foreach (int season in _seasons)
        {
            yield return new RepeatModel(season);
        }
        foreach (double keep in (double[])[0, 0.8, 0.95, 0.99])
        {
            foreach (double memory in (double[])[0.5, 0.8])
            {
                yield return new ProfileModel(_seasons, keep, memory, 0);
            }
        }
        foreach (double damping in (double[])[0.97, 0.999])
        {
            yield return new ProfileModel(_seasons, 0.99, 0.7, damping);
        }
    }

    private void Choose(int horizon)
    {
        int least = Math.Max(LeastHistory, _seasons.Length == 0 ? LeastHistory : 2 * _seasons[^1]);
        int room = _history.Length - least;
        int reach = Math.Min(horizon, Math.Max(1, room / 2));
        int origins = Math.Clamp(room - reach + 1, 0, MostOrigins);
        if (origins < 3)
        {
            // Too little is known to choose: the longest season that fits, or the last value, and what differed so far.
            IForecastModel model = _seasons.Length > 0 ? new RepeatModel(_seasons[0]) : new RepeatModel(1);
            double[] steps = [.. _history.Zip(_history.Skip(1), (before, after) => after - before)];
            _choices.Add((int.MaxValue, model, Symmetric(steps)));
            return;
        }
        double stride = (room - reach + 1) / (double)origins;
        // Errors of each model, by distance.
        var errors = _models.ToDictionary(model => model, _ => new List<double>[reach]);
        foreach (IForecastModel model in _models)
        {
            List<double>[] byDistance = errors[model];
            for (int step = 0; step < reach; step++)
            {
                byDistance[step] = [];
            }
            for (int origin = 0; origin < origins; origin++)
            {
                int known = least + (int)(origin * stride);
                double[] said = model.Forecast(_history.AsSpan(0, known), reach);
                for (int step = 0; step < reach && known + step < _history.Length; step++)
                {
                    byDistance[step].Add(_history[known + step] - said[step]);
                }
            }
        }
        for (int from = 0, to; from < reach; from = to)
        {
            to = Math.Min(reach, from < 6 ? from + 3 : from * 2);
            IForecastModel best = _models.MinBy(model =>
                errors[model][from..to].SelectMany(all => all).Average(Math.Abs)
            )!;
            double[] made = [.. errors[best][from..to].SelectMany(all => all).Order()];
            _choices.Add((to == reach ? int.MaxValue : to, best, made));
        }
    }

    private static double[] Symmetric(double[] steps) =>
        [.. steps.Concat(steps.Select(step => -step)).Append(0).Order()];

    private static double Quantile(double[] ordered, double part) =>
        ordered.Length == 0 ? 0 : ordered[(int)Math.Clamp(part * ordered.Length, 0, ordered.Length - 1)];
}
