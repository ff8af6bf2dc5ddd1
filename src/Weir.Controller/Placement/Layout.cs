using System.Numerics;
using Weir.Controller.State;
using Weir.Protocol.Rest;
using Weir.Scheduling.Cluster;
using Weir.Scheduling.Fairness;
using ClusterState = Weir.Controller.State.ClusterState;

namespace Weir.Controller.Placement;

/// <summary>
/// The devices as the scheduling library sees them: each of its nodes is those devices of a machine that are alike in pool,
/// model and memory. Made from the state and never changed; <see cref="Describes"/> says when another one is needed.
/// </summary>
internal sealed class Layout
{
    // The library tells 64 names apart; those beyond share one, and are told apart by sets of devices.
    private const int MostNames = 60;
    private const int MostDevices = 64;

    /// <summary>The name of all pools and models beyond those.</summary>
    public const string Shared = "\0others";

    private readonly Dictionary<string, (int Node, int Device)> _places = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<string[]> _uuids = [];
    private readonly List<string> _machines = [];
    private readonly Dictionary<string, PoolView> _pools;
    private readonly HashSet<string> _named = new(StringComparer.Ordinal);
    private readonly long _version;

    private Layout(ClusterState state)
    {
        _version = state.LayoutVersion;
        _pools = state.Pools.ToDictionary(pool => pool.Key, pool => pool.Value, StringComparer.Ordinal);
        _named.UnionWith(
            state.Devices.Values.Select(device => device.Pool).Distinct().Order(StringComparer.Ordinal).Take(MostNames)
        );
        HashSet<string> models =
        [
            .. state
                .Devices.Values.Select(device => device.Model)
                .Distinct()
                .Order(StringComparer.Ordinal)
                .Take(MostNames),
        ];
        List<NodeConfig> nodes = [];
        var byNode = state.Devices.Values.ToLookup(device => device.Node);
        foreach (var machine in state.Nodes.Values.OrderBy(node => node.Name, StringComparer.Ordinal))
        {
            var groups = byNode[machine.Name]
                .GroupBy(device => (device.Pool, device.Model, device.Memory))
                .OrderBy(group => group.Key.Pool, StringComparer.Ordinal)
                .ThenBy(group => group.Key.Model, StringComparer.Ordinal)
                .ThenBy(group => group.Key.Memory)
                .SelectMany(group =>
                    group
                        .OrderBy(device => device.LinkGroup)
                        .ThenBy(device => device.Numa)
                        .ThenBy(device => device.Ordinal)
                        .Chunk(MostDevices)
                )
                .ToList();
            for (int i = 0; i < Math.Max(1, groups.Count); i++)
            {
                DeviceState[] devices = i < groups.Count ? groups[i] : [];
                string name = groups.Count > 1 ? $"{machine.Name}/{devices[0].Model}/{i}" : machine.Name;
                nodes.Add(Node(name, machine, devices, i == 0, models));
                for (int bit = 0; bit < devices.Length; bit++)
                {
                    _places.Add(devices[bit].Uuid, (nodes.Count - 1, bit));
                }
                _uuids.Add([.. devices.Select(device => device.Uuid)]);
                _machines.Add(machine.Name);
            }
        }
        Nodes = nodes;
    }

    /// <summary>The nodes for the library.</summary>
    public IReadOnlyList<NodeConfig> Nodes { get; }

    public static Layout Of(ClusterState state) => new(state);

    /// <summary>False when devices, pools or their limits are others than those it was made of.</summary>
    public bool Describes(ClusterState state) => _version == state.LayoutVersion;

    /// <summary>The machine that a library's node is on.</summary>
    public string Machine(int node) => _machines[node];

    /// <summary>Where a device is; null when it is not known.</summary>
    public (int Node, int Device)? Find(string uuid) => _places.TryGetValue(uuid, out var place) ? place : null;

    /// <summary>The uuids of a placement's devices.</summary>
    public IEnumerable<string> Devices(PlacedTask placed)
    {
        for (ulong rest = placed.Devices; rest != 0; rest &= rest - 1)
        {
            yield return _uuids[placed.Node][BitOperations.TrailingZeroCount(rest)];
        }
    }

    /// <summary>The devices that take new slices now, as bits of a library's node.</summary>
    public ulong Usable(ClusterState state, int node)
    {
        ulong bits = 0;
        string[] uuids = _uuids[node];
        for (int bit = 0; bit < uuids.Length; bit++)
        {
            bits |= state.Devices.TryGetValue(uuids[bit], out var device) && state.Placeable(device) ? 1UL << bit : 0;
        }
        return bits;
    }

    /// <summary>The devices that a claim's constraints allow, by library's node.</summary>
    public Dictionary<int, ulong> Allowed(ClusterState state, Demand demand, string? pool)
    {
        Dictionary<int, ulong> allowed = [];
        foreach (var (uuid, (node, bit)) in _places)
        {
            var device = state.Devices[uuid];
            var room = new DeviceRoom(uuid, device.Node, device.Model, device.Memory, 0, 0, 0, 0, true);
            if ((pool is null || device.Pool == pool) && Suitability.Matches(room, demand))
            {
                allowed[node] = allowed.GetValueOrDefault(node) | 1UL << bit;
            }
        }
        return allowed;
    }

    /// <summary>The library's name for a pool; null when it has none of its own.</summary>
    public string? PoolName(string pool) => _named.Contains(pool) || _named.Count < MostNames ? pool : null;

    /// <summary>Pools that the library knows by name and that have nodes.</summary>
    public IEnumerable<PoolView> NamedPools => _pools.Values.Where(pool => _named.Contains(pool.Name));

    /// <summary>Compute in the library's unit: what a pool promises of a device is at most a thousand of them.</summary>
    public int Milli(string pool, int percent)
    {
        int limit = Limit(pool);
        return limit <= TaskShape.WholeDevice
            ? percent * (TaskShape.WholeDevice / limit)
            : Math.Max(1, (int)Math.Ceiling(percent * (double)TaskShape.WholeDevice / limit));
    }

    private int Limit(string pool) => _pools.TryGetValue(pool, out var view) ? view.ComputeLimit : 100;

    // The library knows groups of one size, side by side; what is of another form counts as not known.
    private static int GroupSize(DeviceState[] devices, Func<DeviceState, int> groupOf)
    {
        int[] groups = [.. devices.Select(groupOf)];
        int size = groups.TakeWhile(group => group == groups[0]).Count();
        bool isEven =
            size < groups.Length
            && groups.Chunk(size).All(chunk => chunk.Length == size && chunk.Distinct().Count() == 1)
            && groups.Distinct().Count() == groups.Length / size;
        return isEven ? size : 0;
    }

    private NodeConfig Node(string name, NodeState machine, DeviceState[] devices, bool first, HashSet<string> models)
    {
        string pool = devices.Length > 0 ? devices[0].Pool : "";
        string model = devices.Length > 0 ? devices[0].Model : "";
        int limit = Limit(pool);
        long memory = devices.Length > 0 ? devices[0].Memory >> 20 : 0;
        long promised = memory * (_pools.TryGetValue(pool, out var view) ? view.MemoryLimit : 100) / 100;
        return new NodeConfig(name, 0, 0, devices.Length, models.Contains(model) ? model : Shared)
        {
            Rack = machine.Rack,
            LinkGroup = GroupSize(devices, device => device.LinkGroup),
            NumaGroup = GroupSize(devices, device => device.Numa),
            Pool = _named.Contains(pool) || devices.Length == 0 ? pool : Shared,
            DeviceMemoryMib = (int)Math.Min(int.MaxValue, memory),
            DeviceMemoryPromisedMib = (int)Math.Min(int.MaxValue, promised),
            DeviceMilli =
                limit <= TaskShape.WholeDevice ? TaskShape.WholeDevice / limit * limit : TaskShape.WholeDevice,
            // Processors and main memory are the machine's; they are counted once, and given out when a process starts.
            Offers = new Resources(
                (long)devices.Length * limit * 10,
                first ? machine.Processors * 1000L : 0,
                first ? machine.HostMemory >> 20 : 0
            ),
        };
    }
}
