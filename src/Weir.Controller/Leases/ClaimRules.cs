using Weir.Controller.Access;
using Weir.Controller.Placement;
using Weir.Controller.State;
using Weir.Protocol.Rest;

namespace Weir.Controller.Leases;

/// <summary>Defaults, caps and rights of a claim. Called under <see cref="ClusterState.Gate"/>.</summary>
internal static class ClaimRules
{
    private const int MostSlices = 1024;

    public static ResolvedClaim Resolve(ClusterState state, Caller caller, ClaimRequest claim, string? workload = null)
    {
        var template = Template(state, claim.Template);
        string projectName = claim.Project ?? template?.Project ?? FirstProject(state, caller);
        var project = Project(state, caller, projectName);
        if (template?.Project is { } only && only != project.Name)
        {
            throw ControlException.Forbidden(
                $"template {template.Name} is for project {only}: claim with --project {only}"
            );
        }
        string poolName = claim.Pool ?? template?.Pool ?? "default";
        if (!state.Pools.TryGetValue(poolName, out var pool))
        {
            throw ControlException.Unknown(
                "unknown-pool",
                $"there is no pool \"{poolName}\"; there are: {string.Join(", ", state.Pools.Keys.Order())}"
            );
        }
        if (claim.Node is { } node && !state.Nodes.ContainsKey(node))
        {
            throw ControlException.Unknown("unknown-node", $"there is no node \"{node}\": `weir nodes` lists them");
        }
        // A template's count stands in for a claim that says nothing; one slice is what a claim says by default.
        int count = template is not null && claim.Count == 1 && claim.Compute is null ? template.Count : claim.Count;
        int compute = claim.Compute ?? template?.Compute ?? 100;
        long? memory = claim.MemoryBytes ?? template?.MemoryBytes;
        Shape(count, compute, memory);
        Cap(template, count, compute, memory);
        if (claim.Priority is < -1000 or > 1000)
        {
            throw ControlException.Invalid($"priority {claim.Priority} is out of range: -1000 to 1000");
        }
        int grace = claim.GraceMs ?? pool.GraceMs;
        if (grace is < 0 or > 3_600_000)
        {
            throw ControlException.Invalid($"a grace time of {grace} ms is out of range: 0 to one hour");
        }
        long? life = claim.LifeMs ?? template?.MaxLifeMs;
        if (life is <= 0)
        {
            throw ControlException.Invalid("a lease must live for some time: give a life above 0");
        }
        if (template?.MaxLifeMs is { } longest && life > longest)
        {
            throw Capped(template, $"a life of at most {longest / 1000} s");
        }
        if (claim.IdleReleaseMs is <= 0 or > 86_400_000)
        {
            throw ControlException.Invalid("a release when idle comes after more than no time, and at most a day");
        }
        return new ResolvedClaim(
            new Demand(count, compute, memory, claim.Model, claim.MinMemoryBytes, claim.Node, claim.Uuids),
            project.Name,
            caller.User,
            pool.Name,
            claim.Priority,
            grace,
            life,
            claim.Boot,
            claim.Program,
            workload
        )
        {
            IdleReleaseMs = claim.IdleReleaseMs ?? 0,
        };
    }

    /// <summary>The template with that name; null for none.</summary>
    public static TemplateView? Template(ClusterState state, string? name)
    {
        if (name is null)
        {
            return null;
        }
        return state.Templates.TryGetValue(name, out var template)
            ? template
            : throw ControlException.Unknown(
                "unknown-template",
                $"there is no template \"{name}\"; there are: {Listed(state.Templates.Keys)}"
            );
    }

    /// <summary>The project with that name, if the caller may use it.</summary>
    public static ProjectView Project(ClusterState state, Caller caller, string name)
    {
        if (!state.Projects.TryGetValue(name, out var project))
        {
            throw ControlException.Unknown(
                "unknown-project",
                $"there is no project \"{name}\"; you can use: {Listed(Usable(state, caller))}"
            );
        }
        if (ProjectForest.Below(state, name).ToArray() is { Length: > 0 } below)
        {
            throw ControlException.Invalid(
                $"project {name} has projects below it, and only these have leases: claim in {string.Join(", ", below)}"
            );
        }
        return caller.MemberOf(state, project)
            ? project
            : throw ControlException.Forbidden(
                $"{caller.User} is not a member of project {name}; you can use: {Listed(Usable(state, caller))}"
            );
    }

    /// <summary>The project of a claim that names none.</summary>
    public static string FirstProject(ClusterState state, Caller caller) =>
        Usable(state, caller).OrderByDescending(name => name == "default").ThenBy(name => name).FirstOrDefault()
        ?? throw ControlException.Forbidden($"{caller.User} is in no project: ask an operator to add you to one");

    /// <summary>
    /// Why quotas and limits of the project and those above it do not allow it now; never: whether they would not even when all
    /// others end.
    /// </summary>
    public static string? OverQuota(
        ClusterState state,
        ResolvedClaim claim,
        bool preemptible,
        long memory,
        out bool never
    )
    {
        never = false;
        int compute = claim.Demand.Count * claim.Demand.Compute;
        foreach (var project in ProjectForest.Upwards(state, claim.Project))
        {
            int? most = project.ComputeLimit;
            if (ProjectForest.KeepsToQuota(project, preemptible))
            {
                most = Math.Min(most ?? int.MaxValue, project.ComputeQuota!.Value);
            }
            if (
                most is { } percent
                && Granted(state, project.Name).Compute is var granted
                && granted + compute > percent
            )
            {
                // Another hour may have another quota.
                never = compute > percent && !state.Calendars.Values.Any(one => one.Project == project.Name);
                return $"project {project.Name} may have {percent / 100.0:0.##} devices at a time, has {granted / 100.0:0.##} and asks for {compute / 100.0:0.##} more";
            }
        }
        return OverMemoryQuota(state, claim.Project, memory, out never);
    }

    /// <summary>The same of device memory alone, which the scheduling library does not count for projects.</summary>
    public static string? OverMemoryQuota(ClusterState state, string name, long memory, out bool never)
    {
        never = false;
        foreach (var project in ProjectForest.Upwards(state, name))
        {
            if (
                project.MemoryQuota is { } bytes
                && Granted(state, project.Name).Memory is var granted
                && granted + memory > bytes
            )
            {
                never = memory > bytes;
                return $"project {project.Name} may have {bytes >> 20} MiB of device memory at a time, has {granted >> 20} MiB and asks for {memory >> 20} MiB more";
            }
        }
        return null;
    }

    /// <summary>Percent and bytes that the active leases of the project and those below it have.</summary>
    public static (int Compute, long Memory) Granted(ClusterState state, string project)
    {
        int compute = 0;
        long memory = 0;
        foreach (var lease in state.Leases.Values)
        {
            if (!lease.Released && ProjectForest.Upwards(state, lease.Project).Any(above => above.Name == project))
            {
                compute += lease.Compute;
                memory += lease.Memory;
            }
        }
        return (compute, memory);
    }

    private static IEnumerable<string> Usable(ClusterState state, Caller caller) =>
        state
            .Projects.Values.Where(project =>
                caller.MemberOf(state, project) && !ProjectForest.Below(state, project.Name).Any()
            )
            .Select(project => project.Name);

    private static string Listed(IEnumerable<string> names) =>
        string.Join(", ", names.Order()) is { Length: > 0 } text ? text : "none";

    private static void Shape(int count, int compute, long? memory)
    {
        if (count is < 1 or > MostSlices)
        {
            throw ControlException.Invalid($"{count} devices are out of range: 1 to {MostSlices}");
        }
        if (compute is < 1 or > 100)
        {
            throw ControlException.Invalid($"{compute} % of a device is out of range: 1 to 100");
        }
        if (memory is <= 0)
        {
            throw ControlException.Invalid("a slice must have some memory: give --mem above 0, or leave it out");
        }
    }

    private static void Cap(TemplateView? template, int count, int compute, long? memory)
    {
        if (template is null)
        {
            return;
        }
        if (count > template.MaxCount)
        {
            throw Capped(template, $"at most {template.MaxCount} devices");
        }
        if (compute > template.MaxCompute)
        {
            throw Capped(template, $"at most {template.MaxCompute} % of a device");
        }
        if (memory > template.MaxMemoryBytes)
        {
            throw Capped(template, $"at most {template.MaxMemoryBytes >> 20} MiB per device");
        }
    }

    private static ControlException Capped(TemplateView template, string what) =>
        new(403, "capped", $"template {template.Name} allows {what}: ask for less, or use another template");
}
