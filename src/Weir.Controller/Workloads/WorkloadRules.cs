using Weir.Controller.Access;
using Weir.Controller.Leases;
using Weir.Controller.State;
using Weir.Protocol.Rest;

namespace Weir.Controller.Workloads;

/// <summary>What a workload may ask for. Called under the gate.</summary>
internal static class WorkloadRules
{
    private const int MostElements = 10_000;
    private const int MostRetries = 100;
    private const int LongestCommand = 128 << 10;

    /// <summary>The request with its template's defaults; throws <see cref="ControlException"/>.</summary>
    public static WorkloadRequest Check(ClusterState state, Caller caller, WorkloadRequest request)
    {
        if (request.Command.Count == 0 || request.Command[0].Length == 0)
        {
            throw ControlException.Invalid("the workload has no command: give `command:`, or the program after --");
        }
        if (request.Command.Sum(word => word.Length + 1) > LongestCommand)
        {
            throw ControlException.Invalid(
                $"the command is longer than {LongestCommand >> 10} KiB: put it into a script"
            );
        }
        Range("retries", request.Retries, 0, MostRetries);
        Range("array", request.Array, 0, MostElements);
        Range("processors", request.ProcessorsMilli ?? 0, 0, 4_096_000);
        if (request.HostMemoryBytes < 0 || request.TimeLimitMs < 0)
        {
            throw ControlException.Invalid("memory and time limit cannot be below 0");
        }
        if (request.RunAs is { } other && other != caller.User)
        {
            caller.MustOperate($"running as {other}");
        }
        foreach (var mount in request.Mounts ?? [])
        {
            if (mount.Kind is not ("host" or "nfs"))
            {
                throw ControlException.Invalid($"a mount of kind \"{mount.Kind}\" is not known: host or nfs");
            }
            bool whole =
                mount.Kind == "host"
                    ? mount.Source.StartsWith('/')
                    : mount.Source.Contains(":/", StringComparison.Ordinal);
            if (!whole || !mount.Target.StartsWith('/'))
            {
                throw ControlException.Invalid(
                    $"the mount {mount.Source} at {mount.Target} needs absolute paths (nfs: server:/path)"
                );
            }
        }
        if (request.RunOn is { } node && !state.Nodes.ContainsKey(node))
        {
            throw ControlException.Unknown("unknown-node", $"there is no node \"{node}\": `weir nodes` lists them");
        }
        var template = ClaimRules.Template(state, request.Claim?.Template);
        return request with
        {
            Name = request.Name ?? Path.GetFileName(request.Command[0]),
            RunAs = request.RunAs ?? caller.User,
            ProcessorsMilli = request.ProcessorsMilli ?? template?.ProcessorsMilli ?? 0,
            HostMemoryBytes = request.HostMemoryBytes ?? template?.HostMemoryBytes ?? 0,
            Project =
                request.Claim?.Project
                ?? request.Project
                ?? template?.Project
                ?? ClaimRules.FirstProject(state, caller),
        };
    }

    private static void Range(string name, int value, int least, int most)
    {
        if (value < least || value > most)
        {
            throw ControlException.Invalid($"{name}: {value} is out of range: {least} to {most}");
        }
    }
}
