using Weir.Agent.Configuration;
using Weir.Agent.Devices;

namespace Weir.Agent.Tests;

/// <summary>What a person writes about a node, rightly and wrongly.</summary>
public sealed class ConfigurationTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    [Fact]
    public void What_is_not_said_has_its_default()
    {
        AgentConfig config = Read("""{ "node": "n1", "software": [{ "cores": 2 }], /* why */ }""");
        Assert.Equal(("n1", "0.0.0.0:7443", 1, true), (config.Node, config.Listen, config.Prewarm, config.RealDevices));
        Assert.Equal(
            (1, 2, (long?)null),
            (config.Software[0].Count, config.Software[0].Cores, config.Software[0].MemoryBytes)
        );
        Assert.Equal((62000u, 62999u), config.UserRange());
    }

    [Theory]
    [InlineData("{\n  \"node\": \"n1\",\n  \"sofware\": []\n}", "line 3")]
    [InlineData("{\n  \"node\": 7\n}", "line 2")]
    [InlineData("{ \"software\": [{ \"memoryBytes\": 1000 }] }", "at least 64 MiB")]
    [InlineData("{ \"software\": [{ \"count\": 0 }] }", "count of 1")]
    [InlineData("{ \"software\": [{ \"oversubscribe\": 0.5 }] }", "1 to 8")]
    [InlineData("{ \"workerUsers\": \"0-10\" }", "62000-62999")]
    [InlineData("{ \"prewarm\": 1000 }", "0 to 64")]
    [InlineData("{ \"links\": [[0, 1], [1, 2]] }", "device 1 is in two groups")]
    [InlineData("{ \"numa\": [[-1]] }", "no number of a device")]
    [InlineData("{ \"models\": { \"A100\": { \"speed\": -1 } } }", "speed of -1")]
    [InlineData("{ \"controller\": { \"address\": \"here:1\" } }", "fingerprint")]
    [InlineData("", "line 1")]
    public void What_makes_no_sense_is_refused_with_its_place_or_what_would(string text, string expected)
    {
        FormatException refusal = Assert.Throws<FormatException>(() => Read(text));
        Assert.Contains(expected, refusal.Message);
    }

    [Fact]
    public void Groups_and_speeds_are_those_of_the_configuration_and_NUMA_nodes_those_of_the_system()
    {
        DirectoryInfo root = Directory.CreateTempSubdirectory("wa-");
        try
        {
            string gpu = $"{root.FullName}/proc/driver/nvidia/gpus/0000:3B:00.0";
            string bus = $"{root.FullName}/sys/bus/pci/devices/0000:3b:00.0";
            Directory.CreateDirectory(gpu);
            Directory.CreateDirectory(bus);
            File.WriteAllText(
                $"{gpu}/information",
                "Model: \t A100\nGPU UUID: \t GPU-0000000a-0000\nBus Location: \t 0\n"
            );
            File.WriteAllText($"{bus}/numa_node", "1\n");
            DeviceState[] devices =
            [
                Device(0, "cuda", "GPU-0000000a-0000", "A100"),
                Device(1, "cuda", "GPU-0000000b-0000", "A100"),
                Device(2, "software", "GPU-0000000c-0000", "S"),
            ];
            var config = new AgentConfig
            {
                Links =
                [
                    [0, 2],
                ],
                Models = new Dictionary<string, ModelTerms>
                {
                    ["A100"] = new() { Speed = 5, CostPerHour = 2 },
                },
            };
            Topology.Find(config, devices, root.FullName);
            Assert.Equal([1u, 0u, 0u], devices.Select(device => device.ToMessage().Numa));
            uint[] links = [.. devices.Select(device => device.ToMessage().LinkGroup)];
            Assert.Equal(links[0], links[2]);
            Assert.NotEqual(links[0], links[1]);
            Assert.Equal([5, 5, 0], devices.Select(device => device.ToMessage().Speed));
            // What a person says counts more than what the system does.
            Topology.Find(
                config with
                {
                    Numa =
                    [
                        [0],
                        [1, 2],
                    ],
                },
                devices,
                root.FullName
            );
            Assert.Equal([0u, 1u, 1u], devices.Select(device => device.ToMessage().Numa));
        }
        finally
        {
            root.Delete(recursive: true);
        }
    }

    private static DeviceState Device(int ordinal, string kind, string uuid, string model) =>
        new()
        {
            Uuid = uuid,
            Ordinal = ordinal,
            Kind = kind,
            Model = model,
            MemoryBytes = 1 << 30,
            Pool = "",
        };

    [Fact]
    public void Options_that_are_not_known_are_named()
    {
        Assert.Contains("--confg", Assert.Throws<FormatException>(() => AgentOptions.Parse(["--confg", "x"])).Message);
        Assert.Contains("needs a value", Assert.Throws<FormatException>(() => AgentOptions.Parse(["--run"])).Message);
        Assert.Contains(
            "weir-worker",
            Assert.Throws<FormatException>(() => AgentOptions.Parse(["--worker", "/no/where"])).Message
        );
    }

    [Fact]
    public void Software_devices_are_told_apart_and_stay_who_they_are()
    {
        var config = new AgentConfig
        {
            Node = "n1",
            RealDevices = false,
            Software =
            [
                new() { Count = 2, Cores = 1 },
                new()
                {
                    Cores = 4,
                    MemoryBytes = (100 << 20) + 17,
                    Pool = "small",
                },
            ],
        };
        List<DeviceState> devices = DeviceInventory.Find(config, "/none");
        Assert.Equal([0, 1, 2], devices.Select(device => device.Ordinal));
        Assert.Equal(3, devices.Select(device => device.Uuid).Distinct().Count());
        Assert.All(devices, device => Assert.Matches("^GPU-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", device.Uuid));
        Assert.Equal((100ul << 20, "small", 4), (devices[2].MemoryBytes, devices[2].Pool, devices[2].Cores));
        Assert.Equal(
            devices.Select(device => device.Uuid),
            DeviceInventory.Find(config, "/none").Select(device => device.Uuid)
        );
        Assert.NotEqual(devices[0].Uuid, DeviceInventory.Find(config with { Node = "n2" }, "/none")[0].Uuid);
    }

    [Fact]
    public void More_memory_is_promised_than_there_is_where_the_owner_says_so()
    {
        var config = Read(
            """{ "node": "n1", "realDevices": false, "software": [{ "memoryBytes": 1073741824, "oversubscribe": 1.8 }, {}] }"""
        );
        List<DeviceState> devices = DeviceInventory.Find(config, "/none");
        Assert.Equal(1842ul << 20, devices[0].MemoryBytes);
        Assert.Equal(["--memory", "64", "--arena", "1073741824"], devices[0].Options(64).TakeLast(4));
        Assert.DoesNotContain("--arena", devices[1].Options());
    }

    public void Dispose() => File.Delete(_file);

    private AgentConfig Read(string text)
    {
        File.WriteAllText(_file, text);
        return AgentConfig.Read(_file);
    }
}
