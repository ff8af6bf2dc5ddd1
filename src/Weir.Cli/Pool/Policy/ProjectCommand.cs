using System.CommandLine;
using Weir.Cli.Pool.Nodes;
using Weir.Protocol.Rest;

namespace Weir.Cli.Pool.Policy;

/// <summary>`weir project`: the tree of projects, their quotas and weights.</summary>
internal static class ProjectCommand
{
    private const string Unbounded = "any";

    public static Command Create() =>
        new("project", "The tree of projects: what is their own, and what they get of the rest.")
        {
            CreateOne(),
            Quota(),
            Weight(),
            List(),
            PoolsCommand.Remove("projects"),
        };

    private static Command CreateOne()
    {
        var name = new Argument<string>("name");
        var parent = new Option<string?>("--parent") { Description = "The project above it." };
        var terms = new TermOptions();
        var members = new Option<string[]>("--member")
        {
            Description = "A member (may be repeated; \"*\": everybody).",
        };
        var admins = new Option<string[]>("--admin") { Description = "An admin (may be repeated)." };
        var command = new Command("create", "Make a project.") { name, parent, members, admins };
        terms.AddTo(command, weight: true);
        return command.Does(
            async (parsed, client, _) =>
            {
                string project = parsed.GetValue(name)!;
                if (await FindAsync(client, project) is not null)
                {
                    throw new PoolException(
                        $"there is a project {project} already: `weir project quota` and `weir project weight` change it"
                    );
                }
                return await PutAsync(
                    client,
                    project,
                    terms.Change(
                        parsed,
                        new ProjectView
                        {
                            Parent = parsed.GetValue(parent),
                            Members = parsed.GetValue(members)!,
                            Admins = parsed.GetValue(admins)!,
                        }
                    )
                );
            }
        );
    }

    private static Command Quota()
    {
        var name = new Argument<string>("name");
        var terms = new TermOptions();
        var command = new Command("quota", "Change what is a project's own, and its limit (\"any\": none).") { name };
        terms.AddTo(command, weight: false);
        return command.Does(
            async (parsed, client, _) =>
            {
                string project = parsed.GetValue(name)!;
                return await PutAsync(client, project, terms.Change(parsed, await ExistingAsync(client, project)));
            }
        );
    }

    private static Command Weight()
    {
        var name = new Argument<string>("name");
        var weight = new Argument<double>("weight")
        {
            Description =
                "Its part of what nobody's quota claims, relative to its siblings'; 0: nothing beyond its quota.",
        };
        var priority = new Option<int?>("--priority")
        {
            Description = "Among siblings that have their quotas, larger is served first.",
        };
        return new Command("weight", "Change a project's part beyond its quota.") { name, weight, priority }.Does(
            async (parsed, client, _) =>
            {
                string project = parsed.GetValue(name)!;
                var now = await ExistingAsync(client, project);
                return await PutAsync(
                    client,
                    project,
                    now with
                    {
                        Weight = parsed.GetValue(weight),
                        Priority = parsed.GetValue(priority) ?? now.Priority,
                    }
                );
            }
        );
    }

    private static Command List()
    {
        var output = OutputFormat.Option();
        return new Command("list", "List the projects that you are in as a tree, with their shares now.")
        {
            output,
        }.Does(
            async (parsed, client, _) =>
            {
                var projects = await client.GetAsync("v1/projects", RestJson.Default.ProjectViewArray);
                if (parsed.GetValue(output) == "json")
                {
                    return PoolCommand.Json(projects, RestJson.Default.ProjectViewArray);
                }
                var shares = (await client.GetAsync("v1/queue", RestJson.Default.QueueView)).Projects.ToDictionary(
                    share => share.Project
                );
                return PoolCommand.Table(
                    "You are in no project: ask an operator.",
                    ["PROJECT", "QUOTA", "LIMIT", "WEIGHT", "USED", "WAITING", "SHARE"],
                    Tree(projects)
                        .Select(one =>
                        {
                            shares.TryGetValue(one.Project.Name, out var share);
                            return (string[])
                                [
                                    new string(' ', 2 * one.Depth) + one.Project.Name,
                                    Devices(one.Project.ComputeQuota, "-"),
                                    Devices(one.Project.ComputeLimit, Unbounded),
                                    $"{share?.Weight ?? one.Project.Weight ?? 0:0.##}",
                                    Devices(share?.Used ?? one.Project.ComputeGranted, "-"),
                                    Devices(share?.Waiting, "-"),
                                    Devices(share?.Share, "-"),
                                ];
                        })
                );
            }
        );
    }

    /// <summary>Each project below its parent; one whose parent the caller does not see is at the top.</summary>
    internal static IEnumerable<(ProjectView Project, int Depth)> Tree(IReadOnlyList<ProjectView> projects)
    {
        var seen = projects.Select(project => project.Name).ToHashSet();
        var below = projects.ToLookup(project => project.Parent is { } parent && seen.Contains(parent) ? parent : "");
        return Walk("", 0);

        IEnumerable<(ProjectView, int)> Walk(string parent, int depth) =>
            below[parent]
                .OrderBy(project => project.Name, StringComparer.Ordinal)
                .SelectMany(project => Walk(project.Name, depth + 1).Prepend((project, depth)));
    }

    private static string Devices(int? percent, string none) => percent is { } some ? $"{some / 100.0:0.##}" : none;

    private static async Task<ProjectView?> FindAsync(ControllerClient client, string name) =>
        (await client.GetAsync("v1/projects", RestJson.Default.ProjectViewArray)).FirstOrDefault(one =>
            one.Name == name
        );

    private static async Task<ProjectView> ExistingAsync(ControllerClient client, string name) =>
        await FindAsync(client, name)
        ?? throw new PoolException($"there is no project {name}: `weir project create {name}` makes it");

    private static async Task<int> PutAsync(ControllerClient client, string name, ProjectView project)
    {
        await client.PutAsync($"v1/projects/{NodesCommand.Escaped(name)}", project, RestJson.Default.ProjectView);
        return ExitCodes.Success;
    }

    /// <summary>Quota, limit and weight on the command line.</summary>
    private sealed class TermOptions
    {
        private readonly Option<string?> _gpus = new("--gpus") { Description = "Devices that are its own, e.g. 1.5." };
        private readonly Option<string?> _limit = new("--limit")
        {
            Description = "Devices that it never exceeds, borrowed ones included.",
        };
        private readonly Option<string?> _memory = new("--mem")
        {
            Description = "Device memory that it may have at a time, e.g. 64GiB.",
        };
        private readonly Option<string?> _cpus = new("--cpus") { Description = "Processors that are its own." };
        private readonly Option<string?> _hostMemory = new("--host-mem")
        {
            Description = "Host memory that is its own.",
        };
        private readonly Option<double?> _weight = new("--weight")
        {
            Description = "Its part of what nobody's quota claims (default: 0 with --gpus, otherwise 1).",
        };

        public void AddTo(Command command, bool weight)
        {
            command.Options.Add(_gpus);
            command.Options.Add(_limit);
            command.Options.Add(_memory);
            command.Options.Add(_cpus);
            command.Options.Add(_hostMemory);
            if (weight)
            {
                command.Options.Add(_weight);
            }
        }

        public ProjectView Change(ParseResult parsed, ProjectView now) =>
            now with
            {
                ComputeQuota = Read(parsed, _gpus, Percent, now.ComputeQuota),
                ComputeLimit = Read(parsed, _limit, Percent, now.ComputeLimit),
                MemoryQuota = Read(parsed, _memory, text => (long)Quantities.Bytes(text), now.MemoryQuota),
                ProcessorsQuota = Read(parsed, _cpus, text => (long)Quantities.Processors(text), now.ProcessorsQuota),
                HostMemoryQuota = Read(parsed, _hostMemory, text => (long)Quantities.Bytes(text), now.HostMemoryQuota),
                Weight =
                    _weight is { } && parsed.GetResult(_weight) is not null ? parsed.GetValue(_weight) : now.Weight,
            };

        private static T? Read<T>(ParseResult parsed, Option<string?> option, Func<string, T> read, T? now)
            where T : struct
        {
            if (parsed.GetResult(option) is null || parsed.GetValue(option) is not { } text)
            {
                return now;
            }
            try
            {
                return text == Unbounded ? null : read(text);
            }
            catch (FormatException wrong)
            {
                throw new PoolException($"{option.Name}: {wrong.Message}");
            }
        }

        private static int Percent(string text) =>
            double.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out double devices)
            && devices is >= 0 and <= 1_000_000
                ? (int)Math.Round(devices * 100)
                : throw new FormatException($"\"{text}\" is no number of devices: write e.g. 4, 1.5, or any");
    }
}
