namespace Weir.Metering.Findings;

/// <summary>How often a detector is right, and how much of what is there it finds.</summary>
/// <param name="Detector">Which.</param>
/// <param name="Found">What it found that is there.</param>
/// <param name="False">What it found that is not.</param>
/// <param name="Missed">What is there and it did not find.</param>
public sealed record DetectorQuality(string Detector, int Found, int False, int Missed)
{
    /// <summary>Part of what it says that is so; 1 when it says nothing.</summary>
    public double Precision => Found + False == 0 ? 1 : (double)Found / (Found + False);

    /// <summary>Part of what is so that it says; 1 when nothing is.</summary>
    public double Recall => Found + Missed == 0 ? 1 : (double)Found / (Found + Missed);

    /// <summary>Over several generated days.</summary>
    /// <param name="days">How many.</param>
    /// <param name="leases">Leases each.</param>
    public static IReadOnlyList<DetectorQuality> Measure(int days, int leases)
    {
        var counts = Detectors
            .Names.Where(name => name != Budgets.Detector)
            .ToDictionary(name => name, _ => (Found: 0, False: 0, Missed: 0));
        for (int seed = 1; seed <= days; seed++)
        {
            GeneratedDay day = GeneratedDay.Of(seed, leases);
            HashSet<(string, string)> said =
            [
                .. Detectors
                    .Run(day.Input, day.Outcomes, new FindingRules(), day.End)
                    .Select(finding => (finding.Detector, finding.Subject)),
            ];
            foreach ((string detector, string subject) in said.Union(day.Truth))
            {
                var count = counts[detector];
                counts[detector] =
                    !day.Truth.Contains((detector, subject)) ? count with { False = count.False + 1 }
                    : said.Contains((detector, subject)) ? count with { Found = count.Found + 1 }
                    : count with { Missed = count.Missed + 1 };
            }
        }
        return
        [
            .. counts.Select(one => new DetectorQuality(one.Key, one.Value.Found, one.Value.False, one.Value.Missed)),
        ];
    }
}
