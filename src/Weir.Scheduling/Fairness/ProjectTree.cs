namespace Weir.Scheduling.Fairness;

/// <summary>
/// The tree of projects with what each uses and waits for. Index 0 is the pool itself, above all projects. Only leaves
/// have claims.
/// </summary>
public sealed class ProjectTree
{
    private readonly Dictionary<string, int> byName = new(StringComparer.Ordinal);
    private readonly ProjectConfig[] configs;
    private readonly int[] parents;
    private readonly int[][] children;
    private readonly Resources[] used;
    private readonly Resources[] waiting;

    /// <summary>Builds the tree.</summary>
    /// <exception cref="ArgumentException">
    /// Names are doubled or unknown, projects are their own ancestors, or quotas, limits and weights can't hold together.
    /// </exception>
    public ProjectTree(IReadOnlyList<ProjectConfig> projects)
    {
        configs = [new ProjectConfig("") { Quota = Resources.All }, .. projects];
        for (int i = 1; i < configs.Length; i++)
        {
            if (configs[i].Name.Length == 0 || !byName.TryAdd(configs[i].Name, i))
            {
                throw new ArgumentException($"project '{configs[i].Name}': names must be unique and not empty");
            }
        }
        parents = new int[configs.Length];
        parents[0] = -1;
        for (int i = 1; i < configs.Length; i++)
        {
            string parent = configs[i].Parent;
            if (parent.Length > 0 && !byName.TryGetValue(parent, out parents[i]))
            {
                throw new ArgumentException(
                    $"project '{configs[i].Name}': {NearestName.Message("project", parent, [.. byName.Keys])}"
                );
            }
        }
        CheckCycles();
        children = new int[configs.Length][];
        for (int i = 0; i < configs.Length; i++)
        {
            children[i] = [.. Enumerable.Range(1, configs.Length - 1).Where(child => parents[child] == i)];
        }
        CheckAmounts();
        used = new Resources[configs.Length];
        waiting = new Resources[configs.Length];
    }

    /// <summary>Projects, the pool itself included.</summary>
    public int Count => configs.Length;

    /// <summary>What people wrote of a project.</summary>
    public ProjectConfig Config(int project) => configs[project];

    /// <summary>The project above; -1 above the pool itself.</summary>
    public int Parent(int project) => parents[project];

    /// <summary>The projects directly below.</summary>
    public ReadOnlySpan<int> Children(int project) => children[project];

    /// <summary>True for projects that can have claims.</summary>
    public bool IsLeaf(int project) => children[project].Length == 0;

    /// <summary>What the project and all below it use.</summary>
    public Resources Used(int project) => used[project];

    /// <summary>What claims of the project and all below it wait for.</summary>
    public Resources Waiting(int project) => waiting[project];

    /// <summary>The project of a name.</summary>
    /// <exception cref="ArgumentException">There is none; the message offers the nearest name.</exception>
    public int Find(string name) =>
        byName.TryGetValue(name, out int project)
            ? project
            : throw new ArgumentException(NearestName.Message("project", name, [.. byName.Keys]));

    /// <summary>The project of a name; -1 when there is none.</summary>
    public int TryFind(string name) => byName.GetValueOrDefault(name, -1);

    /// <summary>Counts an amount as used by the project and all above it.</summary>
    internal void Use(int project, in Resources amount)
    {
        for (; project >= 0; project = parents[project])
        {
            used[project] += amount;
        }
    }

    /// <summary>Counts an amount as no longer used.</summary>
    internal void Free(int project, in Resources amount)
    {
        for (; project >= 0; project = parents[project])
        {
            used[project] -= amount;
        }
    }

    /// <summary>Counts an amount as waited for, or (negative) no longer.</summary>
    internal void Wait(int project, in Resources amount, int sign)
    {
        for (; project >= 0; project = parents[project])
        {
            waiting[project] = sign > 0 ? waiting[project] + amount : waiting[project] - amount;
        }
    }

    private void CheckCycles()
    {
        for (int i = 1; i < configs.Length; i++)
        {
            int steps = 0;
            for (int at = i; at > 0; at = parents[at])
            {
                if (++steps > configs.Length)
                {
                    throw new ArgumentException($"project '{configs[i].Name}' is among its own ancestors");
                }
            }
        }
    }

    private void CheckAmounts()
    {
        for (int i = 1; i < configs.Length; i++)
        {
            ProjectConfig project = configs[i];
            if (!(project.Weight >= 0) || double.IsInfinity(project.Weight))
            {
                throw new ArgumentException(
                    $"project '{project.Name}': weight is {project.Weight}; 0 or more makes sense"
                );
            }
            var sum = default(Resources);
            foreach (int child in children[i])
            {
                sum += Bounded(configs[child].Quota);
            }
            for (int resource = 0; resource < 3; resource++)
            {
                if (project.Quota[resource] < 0 || project.Limit[resource] < 0)
                {
                    throw new ArgumentException($"project '{project.Name}': quotas and limits must not be negative");
                }
                if (Bounded(project.Quota)[resource] > project.Limit[resource])
                {
                    throw new ArgumentException(
                        $"project '{project.Name}': quota {project.Quota} is beyond its limit {project.Limit}"
                    );
                }
                if (sum[resource] > project.Quota[resource])
                {
                    throw new ArgumentException(
                        $"project '{project.Name}': quotas of the projects below add up to {sum}, its own is {project.Quota}"
                    );
                }
            }
        }
    }

    // "All there is" adds nothing to a sum: it can be said of several.
    private static Resources Bounded(in Resources amount) =>
        new(
            amount.DeviceMilli == Resources.Unlimited ? 0 : amount.DeviceMilli,
            amount.CpuMilli == Resources.Unlimited ? 0 : amount.CpuMilli,
            amount.MemoryMib == Resources.Unlimited ? 0 : amount.MemoryMib
        );
}
