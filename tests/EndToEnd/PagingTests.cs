using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Weir.EndToEnd;

/// <summary>Programs that together, or alone, use more memory than their device has.</summary>
public partial class PagingTests
{
    private const int SIGCONT = 18;
    private const int SIGSTOP = 19;
    private const ulong ArenaMiB = 64;

    [Fact]
    public async Task Programs_with_1_8_times_the_devices_memory_find_what_is_theirs_and_the_device_never_has_more_than_its_size()
    {
        Assert.SkipUnless(CanFault, "this machine does not let a process serve its own page faults (userfaultfd)");
        string folder = WeirInstallation.NewFolder();
        string program = ClientRun.Compile(
            Path.Combine(WeirInstallation.Root, "bench", "native", "oversubscribe.c"),
            folder
        );
        string page = Path.Combine(folder, "page");
        // Each works, pauses for a while, and works again.
        List<Process> programs = [.. Enumerable.Range(1, 3).Select(number => Start(page, program, number))];
        try
        {
            List<(ulong Address, ulong Bytes)> ranges = [.. programs.SelectMany(Ranges)];
            Task<string>[] outputs =
            [
                .. programs.Select(one => one.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)),
            ];
            ulong most = 0;
            while (programs.Any(one => !one.HasExited))
            {
                most = Math.Max(most, OnDevice(page, ranges));
                await Task.Delay(20, TestContext.Current.CancellationToken);
            }
            foreach ((Process one, Task<string> output) in programs.Zip(outputs))
            {
                await one.WaitForExitAsync(TestContext.Current.CancellationToken);
                Assert.Equal(0, one.ExitCode);
                Assert.Contains("verified", await output, StringComparison.Ordinal);
            }
            Assert.InRange(most, ArenaMiB << 19, ArenaMiB << 20);
        }
        finally
        {
            foreach (Process one in programs)
            {
                one.Kill();
                one.Dispose();
            }
        }
    }

    [Fact]
    public void One_program_uses_twice_what_its_device_has()
    {
        Assert.SkipUnless(CanFault, "this machine does not let a process serve its own page faults (userfaultfd)");
        string folder = WeirInstallation.NewFolder();
        string program = ClientRun.Compile(
            Path.Combine(WeirInstallation.Root, "bench", "native", "oversubscribe.c"),
            folder
        );
        string[] options = ["--device", "software", "--prewarm", "0", "--mem", "48MiB", "--oversubscribe", "2"];
        ProgramRun run = ProgramRun
            .Start(
                WeirInstallation.Worker,
                ["--launch", .. options, "--", program, "88", "4", "2", "1", "2", "0", "0", "7"],
                environment: ClientRun.Environment
            )
            .Succeeded();
        Assert.Contains("verified", run.Text, StringComparison.Ordinal);
    }

    private static bool CanFault =>
        File.Exists("/dev/userfaultfd") || Path.Exists("/proc/sys/vm/unprivileged_userfaultfd");

    private static Process Start(string page, string program, int number)
    {
        string[] options =
        [
            "--device",
            "software",
            "--prewarm",
            "0",
            "--mem",
            "256MiB",
            "--arena",
            $"{ArenaMiB}MiB",
            "--arbiter",
            page,
        ];
        string[] arguments = ["38", "4", "3", "4", "4", "100", "0", $"{number}0000000"];
        var start = new ProcessStartInfo(WeirInstallation.Worker, ["--launch", .. options, "--", program, .. arguments])
        {
            RedirectStandardOutput = true,
        };
        foreach ((string name, string? value) in ClientRun.Environment)
        {
            start.Environment[name] = value;
        }
        return Process.Start(start)!;
    }

    // The program's first lines: its allocations, which have the same addresses in its worker.
    private static IEnumerable<(ulong Address, ulong Bytes)> Ranges(Process program)
    {
        for (int part = 0; part < 4; part++)
        {
            string[] words = program.StandardOutput.ReadLine()!.Split(' ');
            Assert.Equal("memory", words[0]);
            yield return (
                ulong.Parse(words[1], CultureInfo.InvariantCulture),
                ulong.Parse(words[2], CultureInfo.InvariantCulture)
            );
        }
    }

    // From outside, while nobody moves anything: what the system has of the allocations in the memory of all workers.
    private static ulong OnDevice(string page, List<(ulong Address, ulong Bytes)> ranges)
    {
        List<int> workers = SharingTests.WorkersOf(page);
        workers.ForEach(one => _ = Kill(one, SIGSTOP));
        try
        {
            ulong pages = 0;
            foreach (int worker in workers)
            {
                HashSet<ulong> counted = [];
                using FileStream map = File.OpenRead($"/proc/{worker}/pagemap");
                byte[] entry = new byte[sizeof(ulong) * 512];
                foreach ((ulong address, ulong bytes) in ranges)
                {
                    for (ulong at = address; at < address + bytes; at += 512 << 12)
                    {
                        // Programs may have chosen the same addresses.
                        if (!counted.Add(at))
                        {
                            continue;
                        }
                        map.Position = (long)(at >> 12) * sizeof(ulong);
                        map.ReadExactly(entry);
                        pages += (ulong)MemoryMarshal.Cast<byte, ulong>(entry).ToArray().Count(one => one >> 63 != 0);
                    }
                }
            }
            return pages << 12;
        }
        catch (IOException)
        {
            // A worker ended while we looked: the next look counts.
            return 0;
        }
        finally
        {
            workers.ForEach(one => _ = Kill(one, SIGCONT));
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
