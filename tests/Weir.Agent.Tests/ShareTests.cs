using System.Diagnostics;
using System.Runtime.InteropServices;
using Weir.Agent.Tests.Support;
using Weir.Protocol.Agents;
using Weir.Wire;

namespace Weir.Agent.Tests;

/// <summary>Two leases on one device of one agent: their workers share its cores as was promised.</summary>
public class ShareTests
{
    // Processor time of both together that is looked at; much more than what the arbiter lets one be ahead.
    private const ulong EnoughNanoseconds = 6_000_000_000;

    [Fact]
    public void Leases_of_one_device_get_cores_by_their_shares()
    {
        using var run = AgentRun.Start();
        using OperatorClient op = run.Operator();
        IReadOnlyList<Device> devices = op.Devices();
        string program = Compile(run);
        // Each alone would have all of it, and the machine would give two equals the same.
        TestLease[] leases =
        [
            op.Grant("l-large", 1, devices, 64 << 20, compute: 80),
            op.Grant("l-small", 1, devices, 64 << 20, compute: 20),
        ];
        List<Process> programs = [];
        try
        {
            programs.AddRange(leases.Select(lease => Start(program, run.WriteTicket(lease))));
            Assert.All(programs, one => Assert.Equal("started", one.StandardOutput.ReadLine()));
            string page = Path.Combine(run.Folders.Run, devices[0].Uuid + ".page");
            AgentRun.Becomes(() => Slots(page).Count(slot => slot.Wanting > 0) == 2, "both want cores");
            Dictionary<int, ulong> before = Slots(page).ToDictionary(slot => slot.Share, slot => slot.UsedNanoseconds);
            Dictionary<int, ulong> received = [];
            AgentRun.Becomes(
                () =>
                {
                    received = Slots(page)
                        .ToDictionary(slot => slot.Share, slot => slot.UsedNanoseconds - before[slot.Share]);
                    return received.Values.Aggregate((a, b) => a + b) > EnoughNanoseconds;
                },
                "the device has worked for both"
            );
            Assert.Equal([20, 80], received.Keys.Order());
            // Four to one was promised; `weir bench share` shows how exactly it is kept. On a machine that does other things too, a
            // lease that cannot use its share for a moment lends it, but without an arbiter both would get the same.
            double ratio = (double)received[80] / received[20];
            Assert.True(ratio > 1.3, $"the large lease got {ratio:0.00} times as much as the small one");
            // The two leases' sessions are accounts of their own.
            Assert.Equal(2, Slots(page).Select(slot => slot.Account).Distinct().Count());
        }
        finally
        {
            foreach (Process one in programs)
            {
                one.Kill();
                one.WaitForExit();
                one.Dispose();
            }
        }
    }

    private static DeviceSlot[] Slots(string page)
    {
        byte[] bytes = new byte[DevicePage.Bytes];
        using var file = new FileStream(page, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        file.ReadExactly(bytes);
        return
        [
            .. Enumerable
                .Range(1, DevicePage.Slots)
                .Select(i => MemoryMarshal.Read<DeviceSlot>(bytes.AsSpan(i * DevicePage.SlotBytes)))
                .Where(slot => slot.Account != 0),
        ];
    }

    private static string Compile(AgentRun run)
    {
        string source = Path.Combine(AgentRun.Checkout, "tests", "EndToEnd", "clients", "sharing.c");
        string program = Path.Combine(run.Folder, "sharing");
        (int code, string output) = ToolRun.Run("gcc", ["-O2", source, "-o", program, "-ldl"]);
        Assert.True(code == 0, output);
        return program;
    }

    // Minutes of work, in launches of some milliseconds each.
    private static Process Start(string program, string ticket) =>
        ToolRun.Start(
            Path.Combine(AgentRun.Artifacts, "bin", "weir-worker"),
            ["--launch", "--lease", ticket, "--", program, "1000000", "1000000"]
        );
}
