using Weir.Controller.Tests.Support;
using Weir.Protocol.Agents;
using Weir.Protocol.Grpc;
using Weir.Protocol.Rest;

namespace Weir.Controller.Tests;

/// <summary>What agents say of racks, NUMA nodes, links and speeds decides where slices go.</summary>
public class TopologyTests
{
    [Fact]
    public async Task Several_slices_are_within_one_group_of_links_and_then_one_NUMA_node()
    {
        await using var pool = await TestPool.StartAsync();
        await Policy(pool, "topology");
        // Links between 0 and 2, and between 1 and 3.
        await NodeAsync(pool, "n1", 4, (device, i) => device.LinkGroup = (uint)(i % 2));
        var linked = await pool.ClaimAsync(new ClaimRequest { Count = 2 });
        Assert.Equal(["0", "2"], await OrdinalsAsync(pool, linked));
        Assert.Equal(["1", "3"], await OrdinalsAsync(pool, await pool.ClaimAsync(new ClaimRequest { Count = 2 })));
    }

    [Fact]
    public async Task Slices_of_several_nodes_are_in_one_rack_where_one_is_large_enough()
    {
        await using var pool = await TestPool.StartAsync();
        await NodeAsync(pool, "n1", 2, rack: "r1");
        await NodeAsync(pool, "n2", 1, rack: "r2");
        await NodeAsync(pool, "n3", 1, rack: "r1");
        var three = await pool.ClaimAsync(new ClaimRequest { Count = 3 });
        Assert.Equal(["n1", "n1", "n3"], three.Lease.Devices.Select(slice => slice.Node).Order());
        var devices = await pool.DevicesAsync();
        Assert.Equal("r2", devices.Single(device => device.Node == "n2").Rack);
    }

    [Theory]
    [InlineData("fastest", "n2")]
    [InlineData("cheapest", "n1")]
    public async Task Speeds_and_costs_of_models_count_where_the_pool_says_so(string policy, string node)
    {
        await using var pool = await TestPool.StartAsync();
        await Policy(pool, policy);
        await NodeAsync(pool, "n1", 1, (device, _) => (device.Speed, device.CostPerHour) = (1, 1), model: "Slow");
        await NodeAsync(pool, "n2", 1, (device, _) => (device.Speed, device.CostPerHour) = (3, 4), model: "Fast");
        Assert.Equal(node, (await pool.ClaimAsync(new ClaimRequest())).Lease.Devices[0].Node);
    }

    [Fact]
    public async Task Senseless_groups_and_speeds_are_refused()
    {
        await using var pool = await TestPool.StartAsync();
        await Lies(pool, "n1", device => device.LinkGroup = uint.MaxValue, "group");
        await Lies(pool, "n2", device => device.Speed = double.NaN, "speed");
        await Lies(pool, "n3", device => device.CostPerHour = -1, "cost");
    }

    private static async Task Lies(TestPool pool, string name, Action<Device> lie, string says)
    {
        var agent = await NodeAsync(pool, name, 1, (device, _) => lie(device));
        Assert.Contains(says, Assert.IsType<GrpcException>(agent.Refusal).Message);
    }

    private static async Task<FakeAgent> NodeAsync(
        TestPool pool,
        string name,
        int devices,
        Action<Device, int>? say = null,
        string rack = "",
        string model = "Model A"
    )
    {
        var agent = await FakeAgent.JoinAsync(pool.Host, (await pool.TokenAsync("join")).Token, name);
        agent.Rack = rack;
        agent.AddDevices(devices, 8L << 30, model);
        for (int i = 0; i < devices; i++)
        {
            say?.Invoke(agent.Inventory.Devices[i], i);
        }
        pool.Keep(agent);
        await agent.ConnectAsync();
        return agent;
    }

    private static Task<PoolView> Policy(TestPool pool, string policy) =>
        pool.Client.PutAsync("v1/pools/default", new PoolView { Policy = policy }, RestJson.Default.PoolView);

    private static async Task<IEnumerable<string>> OrdinalsAsync(TestPool pool, GrantView grant)
    {
        var devices = await pool.DevicesAsync();
        return grant
            .Lease.Devices.Select(slice => devices.Single(device => device.Uuid == slice.Uuid).Ordinal)
            .Order()
            .Select(ordinal => $"{ordinal}");
    }
}
