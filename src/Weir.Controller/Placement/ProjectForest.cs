using Weir.Controller.State;
using Weir.Protocol.Rest;
using Weir.Scheduling.Fairness;

namespace Weir.Controller.Placement;

/// <summary>The projects as the scheduling library sees them, and what people must know of their tree.</summary>
internal static class ProjectForest
{
    /// <summary>Stands for projects that are gone or have others below them, whose leases still run.</summary>
    public const string Strays = "\0strays";

    /// <summary>The library's tree. Throws <see cref="ControlException"/> when it makes no sense.</summary>
    public static ProjectTree Plant(IReadOnlyCollection<ProjectView> projects)
    {
        try
        {
            var children = projects.ToLookup(project => project.Parent ?? "", StringComparer.Ordinal);
            return new ProjectTree([
                .. projects
                    .OrderBy(project => project.Name, StringComparer.Ordinal)
                    .Select(project => Config(project, children, 0)),
                new ProjectConfig(Strays) { BorrowsFreely = true },
            ]);
        }
        catch (ArgumentException wrong)
        {
            throw ControlException.Invalid(wrong.Message);
        }
    }

    /// <summary>The names of the projects directly below.</summary>
    public static IEnumerable<string> Below(ClusterState state, string project) =>
        state
            .Projects.Values.Where(other => other.Parent == project)
            .Select(other => other.Name)
            .Order(StringComparer.Ordinal);

    /// <summary>The project and all above it, as far as they exist.</summary>
    public static IEnumerable<ProjectView> Upwards(ClusterState state, string project)
    {
        HashSet<string> seen = new(StringComparer.Ordinal);
        for (
            string? at = project;
            at is { Length: > 0 } && seen.Add(at) && state.Projects.TryGetValue(at, out var view);
            at = view.Parent
        )
        {
            yield return view;
        }
    }

    /// <summary>Whether its quota bounds such a claim, calendars disregarded.</summary>
    public static bool KeepsToQuota(ProjectView project, bool preemptible) =>
        project.ComputeQuota is not null && (Weight(project) == 0 || !preemptible);

    /// <summary>
    /// The weight that holds: as set; else none for a project with a quota, which then is all it gets, and 1 for one without.
    /// </summary>
    public static double Weight(ProjectView project) => project.Weight ?? (project.ComputeQuota is null ? 1 : 0);

    /// <summary>The projects' terms, for replays.</summary>
    public static IEnumerable<HistoryProject> Past(IReadOnlyCollection<ProjectView> projects)
    {
        var children = projects.ToLookup(project => project.Parent ?? "", StringComparer.Ordinal);
        foreach (var project in projects.OrderBy(project => project.Name, StringComparer.Ordinal))
        {
            var config = Config(project, children, 0);
            yield return new HistoryProject(
                config.Name,
                config.Parent,
                config.Quota.DeviceMilli,
                project.ComputeLimit is { } percent ? percent * 10L : null,
                config.Weight,
                config.Priority,
                config.BorrowsFreely
            );
        }
    }

    private static ProjectConfig Config(ProjectView project, ILookup<string, ProjectView> children, int depth)
    {
        return new ProjectConfig(project.Name, project.Parent ?? "")
        {
            Quota = Quota(project, children, depth),
            Limit = new Resources(
                project.ComputeLimit is { } percent ? percent * 10L : Resources.Unlimited,
                project.ProcessorsLimit ?? Resources.Unlimited,
                project.HostMemoryLimit is { } bytes ? bytes >> 20 : Resources.Unlimited
            ),
            Weight = Weight(project),
            Priority = project.Priority,
            BorrowsFreely = project.ComputeQuota is null,
        };
    }

    // A project without a quota owns what those below it own. The depth ends cycles, which the tree itself refuses.
    private static Resources Quota(ProjectView project, ILookup<string, ProjectView> children, int depth)
    {
        if (project.ComputeQuota is { } percent)
        {
            return new Resources(
                percent * 10L,
                project.ProcessorsQuota ?? Resources.Unlimited,
                project.HostMemoryQuota is { } bytes ? bytes >> 20 : Resources.Unlimited
            );
        }
        var sum = default(Resources);
        if (depth < 64)
        {
            foreach (var child in children[project.Name])
            {
                sum += Quota(child, children, depth + 1);
            }
        }
        return new Resources(
            sum.DeviceMilli,
            Math.Max(sum.CpuMilli, project.ProcessorsQuota ?? 0),
            Math.Max(sum.MemoryMib, (project.HostMemoryQuota ?? 0) >> 20)
        );
    }
}
