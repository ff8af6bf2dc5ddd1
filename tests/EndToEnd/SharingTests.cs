using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Weir.EndToEnd;

/// <summary>Programs on the shares of one device: each gets through, whatever becomes of the other's worker.</summary>
public partial class SharingTests
{
    private const int Nothing = 0;
    private const int SIGKILL = 9;
    private const int SIGSTOP = 19;

    [Theory]
    [InlineData(Nothing)]
    [InlineData(SIGKILL)]
    [InlineData(SIGSTOP)]
    public void A_small_share_gets_through_beside_a_large_one_that_works_or_hangs(int signal)
    {
        string folder = WeirInstallation.NewFolder();
        string program = ClientRun.Compile(
            Path.Combine(WeirInstallation.Root, "tests", "EndToEnd", "clients", "sharing.c"),
            folder
        );
        string page = Path.Combine(folder, "page");
        // Minutes of work.
        using Process large = Start(page, "99", program, "2147483647");
        try
        {
            Assert.Equal("started", large.StandardOutput.ReadLine());
            foreach (int worker in WorkersOf(page))
            {
                Assert.Equal(0, Kill(worker, signal));
            }
            using Process small = Start(page, "1", program, "50000");
            string output = small.StandardOutput.ReadToEnd();
            small.WaitForExit();
            Assert.Equal((0, "started\ndone\n"), (small.ExitCode, output));
        }
        finally
        {
            large.Kill();
            foreach (int worker in WorkersOf(page))
            {
                _ = Kill(worker, SIGKILL);
            }
        }
    }

    private static Process Start(string page, string share, string program, string blocks)
    {
        string[] options = ["--device", "software", "--prewarm", "0", "--share", share, "--arbiter", page];
        var start = new ProcessStartInfo(WeirInstallation.Worker, ["--launch", .. options, "--", program, blocks])
        {
            RedirectStandardOutput = true,
        };
        foreach ((string name, string? value) in ClientRun.Environment)
        {
            start.Environment[name] = value;
        }
        return Process.Start(start)!;
    }

    internal static List<int> WorkersOf(string page)
    {
        List<int> found = [];
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), out int id))
            {
                continue;
            }
            try
            {
                string[] words = File.ReadAllText(Path.Combine(folder, "cmdline")).Split('\0');
                if (words.Contains("--worker") && words.Contains(page))
                {
                    found.Add(id);
                }
            }
            catch (IOException)
            {
                // It ended while we looked.
            }
        }
        return found;
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
