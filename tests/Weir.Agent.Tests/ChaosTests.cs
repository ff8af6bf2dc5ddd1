using System.Diagnostics;
using Weir.Agent.Tests.Support;
using Weir.Posix;
using Weir.Protocol.Agents;
using Weir.Worker.Tests.Support;

namespace Weir.Agent.Tests;

/// <summary>
/// Whoever is killed, whenever: programs on a lease run, and agent, workers, brokers and the programs themselves are killed
/// at random moments. Afterwards nothing may be left, and the books must balance.
/// </summary>
public class ChaosTests
{
    private const ulong Quota = 256 << 20;

    private const string Program = """
        #include <dlfcn.h>
        #include <stdio.h>
        #include <unistd.h>
        static void *lib;
        #define CALL(name, ...) ({ int (*f)() = (int (*)())dlsym(lib, name); int r = f(__VA_ARGS__); if (r) { printf("%s: %d\n", name, r); return 3; } })
        int main(void) {
            lib = dlopen("libcuda.so.1", RTLD_NOW);
            if (!lib) { return 4; }
            void *context; int device = 0; unsigned long long memory;
            CALL("cuInit", 0);
            CALL("cuDeviceGet", &device, 0);
            CALL("cuCtxCreate_v2", &context, 0, device);
            puts("attached");
            fflush(stdout);
            for (;;) {
                CALL("cuMemAlloc_v2", &memory, (size_t)16 << 20);
                CALL("cuMemsetD8_v2", memory, 1, (size_t)16 << 20);
                CALL("cuCtxSynchronize");
                CALL("cuMemFree_v2", memory);
                usleep(2000);
            }
        }
        """;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Nothing_is_left_and_the_books_balance(int seed)
    {
        var random = new Random(seed);
        using var run = AgentRun.Start(2);
        string program = Compile(run);
        TestLease[] leases;
        Hello hello;
        using (OperatorClient op = run.Operator())
        {
            hello = op.Next(message => message.Hello is not null).Hello;
            IReadOnlyList<Device> devices = op.Devices();
            leases = [op.Grant("l-1", 1, [devices[0]], Quota), op.Grant("l-2", 1, [devices[1]], Quota)];
        }
        foreach (TestLease lease in leases)
        {
            // Granted before anybody is killed.
            TestHolder.Hold(run, lease).Dispose();
        }
        // One as on this machine, one as from another.
        string[] tickets = [run.WriteTicket(leases[0]), run.WriteTicket(leases[1], hello)];
        List<Process> programs = [];
        for (int round = 0; round < 16; round++)
        {
            while (programs.Count(one => !one.HasExited) < 3)
            {
                programs.Add(Launch(program, tickets[random.Next(tickets.Length)]));
            }
            Thread.Sleep(random.Next(120));
            switch (random.Next(4))
            {
                case 0:
                    run.Kill();
                    Thread.Sleep(random.Next(50));
                    run.Restart();
                    break;
                case 1:
                    KillOne(random, run.Workers());
                    break;
                case 2:
                    KillOne(random, Brokers(run));
                    break;
                default:
                    KillOne(random, [.. programs.Where(one => !one.HasExited).Select(one => one.Id)]);
                    break;
            }
        }
        foreach (Process one in programs)
        {
            if (!one.HasExited)
            {
                one.Kill();
            }
            one.WaitForExit();
            one.Dispose();
        }
        using OperatorClient last = run.Operator();
        AgentRun.Becomes(
            () => Directory.GetFiles(run.Folders.Sessions).Length == 0,
            $"all sessions end: {string.Join('\n', run.Lines.TakeLast(20))}"
        );
        AgentRun.Becomes(() => Brokers(run).Count == 0, "all brokers end");
        Heartbeat usage = last.Usage();
        Assert.Empty(usage.Sessions);
        Assert.All(usage.Devices, device => Assert.Equal(0ul, device.MemoryBytes));
        // The leases are whole: a program can have all of the quota.
        using TestHolder holder = TestHolder.Hold(run, leases[0]);
        using (WireClient client = holder.Attach())
        {
            Assert.Equal((Quota, Quota), new DeviceContext(client).MemGetInfo());
        }
        last.Send(new ControllerMessage { Leases = new LeaseSet() });
        AgentRun.Becomes(() => Directory.GetFiles(run.Folders.Leases).Length == 0, "pages go with their leases");
        AgentRun.Becomes(() => run.Workers().Count <= 1, "only the worker that waits is left");
        AgentRun.Becomes(() => Directory.GetFiles(run.Folders.Workers).Length <= 1, "sockets go with their workers");
        AgentRun.Becomes(
            () => Directory.GetDirectories(run.Folders.Output).Length <= 1,
            "folders go with their workers"
        );
    }

    private static string Compile(AgentRun run)
    {
        string source = Path.Combine(run.Folder, "client.c");
        string program = Path.Combine(run.Folder, "client");
        File.WriteAllText(source, Program);
        (int code, string output) = ToolRun.Run("gcc", ["-w", source, "-o", program, "-ldl"]);
        Assert.True(code == 0, output);
        return program;
    }

    private static Process Launch(string program, string ticket) =>
        ToolRun.Start(
            Path.Combine(AgentRun.Artifacts, "bin", "weir-worker"),
            ["--launch", "--lease", ticket, "--", program]
        );

    private static List<int> Brokers(AgentRun run) =>
        [.. run.Helpers().Where(id => AgentRun.CommandLine(id).Contains("\0--broker\0"))];

    private static void KillOne(Random random, IReadOnlyList<int> ids)
    {
        if (ids.Count > 0)
        {
            _ = Libc.kill(ids[random.Next(ids.Count)], Libc.SIGKILL);
        }
    }
}
