using Weir.Scheduling.Cluster;
using Weir.Scheduling.Deciding;
using Weir.Scheduling.Fairness;

namespace Weir.Scheduling.Tests;

/// <summary>Small pools and claims for tests that tell a story.</summary>
internal static class Simple
{
    public static PoolState Pool(int nodes, int devices, params ProjectConfig[] projects) =>
        new(
            new ClusterState(
                [.. Enumerable.Range(0, nodes).Select(i => new NodeConfig($"n{i}", 64_000, 256_000, devices, "A"))],
                new NameTable()
            ),
            new ProjectTree(projects)
        );

    public static ClaimConfig Claim(long id, string project, int devices) =>
        new(id, project, new TaskShape(0, 0, devices, TaskShape.WholeDevice));
}
