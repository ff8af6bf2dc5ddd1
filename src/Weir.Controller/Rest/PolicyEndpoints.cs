using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Weir.Controller.Access;
using Weir.Controller.Leases;
using Weir.Controller.Nodes;
using Weir.Controller.Placement;
using Weir.Controller.State;
using Weir.Controller.Store;
using Weir.Protocol.Rest;
using Weir.Scheduling;
using Weir.Scheduling.Placement;

namespace Weir.Controller.Rest;

/// <summary>/v1/pools, /v1/projects and /v1/templates.</summary>
internal sealed class PolicyEndpoints(
    ClusterState state,
    CommitQueue commits,
    AuditLog audit,
    LeaseService leases,
    Callers callers
)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/pools", Pools).Describe("List pools", "");
        routes
            .MapPut("/v1/pools/{name}", PutPoolAsync)
            .Describe("Make or change a pool", "Over-commit is limits above 100.");
        routes
            .MapDelete(
                "/v1/pools/{name}",
                (HttpContext context, string name) => RemoveAsync(context, state.Pools, "pools", name, InUse)
            )
            .Describe("Remove a pool", "It must have no devices.");
        routes.MapGet("/v1/projects", Projects).Describe("List projects", "Those that the caller is a member of.");
        routes.MapPut("/v1/projects/{name}", PutProjectAsync).Describe("Make or change a project", "");
        routes
            .MapDelete(
                "/v1/projects/{name}",
                (HttpContext context, string name) => RemoveAsync(context, state.Projects, "projects", name, Leased)
            )
            .Describe("Remove a project", "It must have no leases.");
        routes.MapGet("/v1/calendars", AllCalendars).Describe("List calendars of projects' terms", "");
        routes
            .MapPut("/v1/calendars/{name}", PutCalendarAsync)
            .Describe("Make or change a calendar", "A project's quota, weight and priority at certain hours.");
        routes
            .MapDelete(
                "/v1/calendars/{name}",
                (HttpContext context, string name) =>
                    RemoveAsync(context, state.Calendars, "calendars", name, _ => null)
            )
            .Describe("Remove a calendar", "");
        routes.MapGet("/v1/templates", Templates).Describe("List compute templates", "");
        routes.MapPut("/v1/templates/{name}", PutTemplateAsync).Describe("Make or change a compute template", "");
        routes
            .MapDelete(
                "/v1/templates/{name}",
                (HttpContext context, string name) =>
                    RemoveAsync(context, state.Templates, "templates", name, _ => null)
            )
            .Describe("Remove a compute template", "");
    }

    private PoolView[] Pools(HttpContext context)
    {
        _ = callers.Of(context);
        lock (state.Gate)
        {
            return
            [
                .. state
                    .Pools.Values.OrderBy(pool => pool.Name, StringComparer.Ordinal)
                    .Select(pool =>
                    {
                        var devices = state.Devices.Values.Where(device => device.Pool == pool.Name).ToList();
                        return pool with
                        {
                            Devices = devices.Count,
                            ComputeCapacity = devices.Count * 100,
                            ComputeGranted = devices.Sum(device => device.ComputeGranted),
                            MemoryCapacity = devices.Sum(device => device.Memory),
                            MemoryGranted = devices.Sum(device => device.MemoryGranted),
                        };
                    }),
            ];
        }
    }

    private ProjectView[] Projects(HttpContext context)
    {
        var caller = callers.Of(context);
        lock (state.Gate)
        {
            return
            [
                .. state
                    .Projects.Values.Where(project => caller.MemberOf(state, project))
                    .OrderBy(project => project.Name, StringComparer.Ordinal)
                    .Select(project =>
                    {
                        var (compute, memory) = ClaimRules.Granted(state, project.Name);
                        return project with { ComputeGranted = compute, MemoryGranted = memory };
                    }),
            ];
        }
    }

    private TemplateView[] Templates(HttpContext context)
    {
        var caller = callers.Of(context);
        lock (state.Gate)
        {
            return
            [
                .. state
                    .Templates.Values.Where(template =>
                        template.Project is null
                        || (
                            state.Projects.TryGetValue(template.Project, out var project)
                            && caller.MemberOf(state, project)
                        )
                    )
                    .OrderBy(template => template.Name, StringComparer.Ordinal),
            ];
        }
    }

    private Task<PoolView> PutPoolAsync(HttpContext context, string name, PoolView body)
    {
        Percent("computeLimit", body.ComputeLimit, 1, 10_000);
        Percent("memoryLimit", body.MemoryLimit, 1, 10_000);
        Percent("graceMs", body.GraceMs, 0, 3_600_000);
        Percent("reserveAfterMs", body.ReserveAfterMs, 0, 86_400_000);
        if (body.Policy is { } policy)
        {
            try
            {
                PlacementPolicies.Check(policy);
            }
            catch (ArgumentException unknown)
            {
                throw ControlException.Invalid(unknown.Message);
            }
        }
        var pool = body with
        {
            Name = name,
            Devices = 0,
            ComputeCapacity = 0,
            ComputeGranted = 0,
            MemoryCapacity = 0,
            MemoryGranted = 0,
        };
        return PutAsync(context, state.Pools, name, pool, Writes.Pool(pool), "pool.set");
    }

    private Task<ProjectView> PutProjectAsync(HttpContext context, string name, ProjectView body)
    {
        if (body.ComputeQuota < 0 || body.MemoryQuota < 0)
        {
            throw ControlException.Invalid("a quota cannot be below 0");
        }
        if (body.Weight is { } weight && !(weight >= 0 && double.IsFinite(weight)))
        {
            throw ControlException.Invalid($"weight {weight} is out of range: 0 or more");
        }
        if (
            body.ComputeLimit < 0
            || body.ProcessorsQuota < 0
            || body.ProcessorsLimit < 0
            || body.HostMemoryQuota < 0
            || body.HostMemoryLimit < 0
        )
        {
            throw ControlException.Invalid("a quota or a limit cannot be below 0");
        }
        var project = body with
        {
            Name = name,
            Parent = string.IsNullOrEmpty(body.Parent) ? null : body.Parent,
            ComputeGranted = 0,
            MemoryGranted = 0,
        };
        return PutAsync(
            context,
            state.Projects,
            name,
            project,
            Writes.Project(project),
            "project.set",
            () => CheckTree(project)
        );
    }

    // The whole tree with the change in it: cycles, quotas that cannot add up, claims in the middle of it.
    private void CheckTree(ProjectView project)
    {
        ProjectForest.Plant([.. state.Projects.Values.Where(other => other.Name != project.Name), project]);
        if (
            project.Parent is { } parent
            && (
                state.Leases.Values.Any(lease => lease.Project == parent)
                || state.Workloads.Values.Any(workload => workload.Project == parent && !workload.Ended)
            )
        )
        {
            throw new ControlException(
                409,
                "in-use",
                $"project {parent} has leases or workloads of its own, and only projects with none below them have: end them first, or choose another parent"
            );
        }
    }

    private Task<CalendarView> PutCalendarAsync(HttpContext context, string name, CalendarView body)
    {
        var calendar = body with { Name = name };
        Calendars.Rule(calendar);
        return PutAsync(
            context,
            state.Calendars,
            name,
            calendar,
            Writes.Calendar(calendar),
            "calendar.set",
            () =>
            {
                if (!state.Projects.ContainsKey(calendar.Project))
                {
                    throw ControlException.Unknown(
                        "unknown-project",
                        NearestName.Message("project", calendar.Project, [.. state.Projects.Keys])
                    );
                }
            }
        );
    }

    private CalendarView[] AllCalendars(HttpContext context)
    {
        _ = callers.Of(context);
        lock (state.Gate)
        {
            return [.. state.Calendars.Values.OrderBy(calendar => calendar.Name, StringComparer.Ordinal)];
        }
    }

    private Task<TemplateView> PutTemplateAsync(HttpContext context, string name, TemplateView body)
    {
        Percent("compute", body.Compute, 1, 100);
        Percent("count", body.Count, 1, 1024);
        if (body.Compute > body.MaxCompute || body.Count > body.MaxCount || body.MemoryBytes > body.MaxMemoryBytes)
        {
            throw ControlException.Invalid("the template's defaults are above its own caps");
        }
        lock (state.Gate)
        {
            if (body.Pool is { } pool && !state.Pools.ContainsKey(pool))
            {
                throw ControlException.Unknown("unknown-pool", $"there is no pool \"{pool}\"");
            }
            if (body.Project is { } project && !state.Projects.ContainsKey(project))
            {
                throw ControlException.Unknown("unknown-project", $"there is no project \"{project}\"");
            }
        }
        var template = body with { Name = name };
        return PutAsync(context, state.Templates, name, template, Writes.Template(template), "template.set");
    }

    private async Task<T> PutAsync<T>(
        HttpContext context,
        Dictionary<string, T> all,
        string name,
        T value,
        Action<StoreSession> write,
        string action,
        Action? check = null
    )
    {
        var caller = callers.Of(context);
        caller.MustOperate("changing pools, projects and templates");
        if (!NodeName.IsValid(name))
        {
            throw ControlException.Invalid($"\"{name}\" is no name: {NodeName.Rule}");
        }
        lock (state.Gate)
        {
            check?.Invoke();
            state.LayoutVersion++;
            all[name] = value;
            audit.Add(caller, action, name);
            commits.Post(new StoreWrite(write));
            leases.RoomChanged();
        }
        await commits.FlushAsync();
        return value;
    }

    private async Task RemoveAsync<T>(
        HttpContext context,
        Dictionary<string, T> all,
        string table,
        string name,
        Func<string, string?> obstacle
    )
    {
        var caller = callers.Of(context);
        caller.MustOperate("changing pools, projects and templates");
        lock (state.Gate)
        {
            if (!all.ContainsKey(name))
            {
                throw ControlException.Unknown("unknown-name", $"there is no \"{name}\" among the {table}");
            }
            if (name == "default" || obstacle(name) is not null)
            {
                throw new ControlException(409, "in-use", obstacle(name) ?? $"\"default\" is always there");
            }
            all.Remove(name);
            state.LayoutVersion++;
            audit.Add(caller, $"{table}.remove", name);
            commits.Post(new StoreWrite(Writes.Remove(table, name)));
        }
        await commits.FlushAsync();
    }

    private string? InUse(string pool) =>
        state.Devices.Values.Any(device => device.Pool == pool)
            ? $"pool {pool} has devices: move them to another pool first"
            : null;

    private string? Leased(string project) =>
        ProjectForest.Below(state, project).FirstOrDefault() is { } below
            ? $"project {project} has projects below it ({below}): remove them first"
        : state.Calendars.Values.FirstOrDefault(calendar => calendar.Project == project) is { } calendar
            ? $"calendar {calendar.Name} is about project {project}: remove it first"
        : state.Workloads.Values.Any(workload => workload.Project == project && !workload.Ended)
            ? $"project {project} has workloads: cancel them first"
        : state.Leases.Values.Any(lease => lease.Project == project) ? $"project {project} has leases: end them first"
        : null;

    private static void Percent(string name, int value, int least, int most)
    {
        if (value < least || value > most)
        {
            throw ControlException.Invalid($"{name}: {value} is out of range: {least} to {most}");
        }
    }
}
