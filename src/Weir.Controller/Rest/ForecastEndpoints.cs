using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Weir.Controller.Metering;
using Weir.Controller.State;
using Weir.Metering.Debt;
using Weir.Metering.Forecasts;
using Weir.Metering.Usage;
using Weir.Protocol.Rest;

namespace Weir.Controller.Rest;

/// <summary>/v1/forecast.</summary>
internal sealed class ForecastEndpoints(ClusterState state, DebtQueries queries, ControllerClock clock, Callers callers)
{
    private const long HourMs = 3_600_000;
    private const int LongestDays = 120;
    private const int HourlyUpToDays = 14;

    public void Map(IEndpointRouteBuilder routes) =>
        routes
            .MapGet("/v1/forecast", ForecastAsync)
            .Describe(
                "What will be asked for",
                "Demand in whole devices (what is held and what waits), with intervals, and when it exceeds what there is. Query: project, days (1 to 120, default 7), more (devices added in the question)."
            );

    private async Task<ForecastView> ForecastAsync(HttpContext context, string? project, int days = 7, int more = 0)
    {
        var caller = callers.Of(context);
        if (days is < 1 or > LongestDays)
        {
            throw ControlException.Invalid($"days={days}: a forecast reaches 1 to {LongestDays} days");
        }
        if (more is < 0 or > 1_000_000)
        {
            throw ControlException.Invalid($"more={more}: give how many devices are added");
        }
        if (project is not null && !MaySee(caller, project))
        {
            throw ControlException.Unknown("unknown-project", $"there is no project {project} of yours");
        }
        bool isHourly = days <= HourlyUpToDays;
        long step = isHourly ? HourMs : Retention.DayMs;
        long now = clock.Now;
        // Whole steps only: the present one is not over.
        long end = now / step * step;
        long begin = Math.Max(await FirstAsync(now), end - (isHourly ? 56 : 800) * Retention.DayMs) / step * step;
        double[] demand = end > begin ? await DemandAsync(begin, end, step, project) : [];
        int steps = (int)(days * Retention.DayMs / step);
        List<string> notes = [];
        ForecastPointView[] points = [];
        if (demand.Length == 0)
        {
            notes.Add("Nothing is known yet: ask again when an hour has passed.");
        }
        else
        {
            int[] seasons = isHourly ? [24, 168] : [7];
            var forecaster = new Forecaster(demand, steps, seasons);
            points = [.. forecaster.Next(steps).Select(p => new ForecastPointView(p.Low, p.Expected, p.High))];
            notes.AddRange(forecaster.Choices.Select(choice => $"model {choice}"));
            if (demand.Length < 3 * seasons[^1])
            {
                notes.Add(
                    $"Only {demand.Length} {(isHourly ? "hours" : "days")} are known: what repeats by the week shows after three weeks."
                );
            }
        }
        double capacity = Capacity();
        return new ForecastView(
            project,
            step,
            end,
            demand,
            points,
            capacity,
            Over(points, end, step, capacity, point => point.Expected),
            Over(points, end, step, capacity, point => point.High),
            more,
            Over(points, end, step, capacity + more, point => point.Expected),
            Over(points, end, step, capacity + more, point => point.High),
            notes
        );
    }

    private bool MaySee(Access.Caller caller, string project)
    {
        lock (state.Gate)
        {
            return state.Projects.TryGetValue(project, out var view) && caller.MemberOf(state, view);
        }
    }

    private double Capacity()
    {
        lock (state.Gate)
        {
            return state.Devices.Values.Count(state.Placeable);
        }
    }

    private async Task<long> FirstAsync(long now)
    {
        (DebtInput input, _) = await queries.ReadAsync(now - 800 * Retention.DayMs, now, 800, withUsage: false);
        return input.Devices.Count == 0 ? now : input.Devices.SelectMany(device => device.Spans).Min(span => span.From);
    }

    private async Task<double[]> DemandAsync(long begin, long end, long step, string? project)
    {
        (DebtInput input, _) = await queries.ReadAsync(begin, end, 20_000, withUsage: false);
        var grid = new TimeGrid(begin, step, (int)((end - begin) / step));
        var demand = new double[grid.Count];
        DebtCalculator.Run(
            input with
            {
                Grid = grid,
                Usage = [],
                Waiting = [],
                Typical = [],
            },
            line =>
            {
                if (line.Holding is { } holding && (project is null || holding.Project == project))
                {
                    demand[line.Bucket] += line.Parts.Allocated / (step * 1000.0);
                }
            }
        );
        foreach (Waiting waiting in input.Waiting.Where(one => project is null || one.Project == project))
        {
            for (long at = Math.Max(begin, waiting.From); at < Math.Min(end, waiting.To); )
            {
                long next = at - (at - begin) % step + step;
                long until = Math.Min(next, waiting.To);
                demand[(at - begin) / step] += (until - at) * waiting.Count * waiting.Compute / 100.0 / step;
                at = next;
            }
        }
        return demand;
    }

    private static long? Over(
        ForecastPointView[] points,
        long from,
        long step,
        double capacity,
        Func<ForecastPointView, double> value
    )
    {
        int first = Array.FindIndex(points, point => value(point) > capacity);
        return first < 0 ? null : from + first * step;
    }
}
