using Weir.Agent.Tests.Support;
using Weir.Protocol.Agents;
using Weir.Remote.Control;

namespace Weir.Agent.Tests;

/// <summary>An agent whose disk is full refuses what it cannot write down, says what to do, and keeps what it has.</summary>
public class FullDiskTests
{
    private const int DiskBytes = 8 << 20;

    [Theory]
    [InlineData(0)]
    // The lease's file has room, the pages of its slices have not.
    [InlineData(12 << 10)]
    public void A_grant_that_cannot_be_written_is_refused_and_others_stay(int free)
    {
        string disk = "";
        using var run = AgentRun.Start(prepare: folders => Mount(disk = folders.Run));
        using var mounted = new Mounted(disk);
        using OperatorClient op = run.Operator();
        IReadOnlyList<Device> devices = op.Devices();
        TestLease first = op.Grant("l-1", 1, devices, 64 << 20);
        using TestHolder holder = TestHolder.Hold(run, first);

        string ballast = Path.Combine(disk, "ballast");
        Fill(ballast, disk, free);
        _ = op.Grant("l-2", 1, devices, 64 << 20);
        GrantRefused refused = op.Next(message => message.GrantRefused is not null).GrantRefused;
        Assert.Equal("l-2", refused.Lease);
        Assert.Contains("cannot write it down", refused.Reason);
        Assert.Contains($"make room in {disk}", refused.Reason);
        Assert.DoesNotContain(
            Directory.EnumerateFiles(run.Folders.Leases),
            file => Path.GetFileName(file).StartsWith("l-2")
        );
        Assert.False(run.Process.HasExited);

        // With room again everything goes on, also what was there before.
        File.Delete(ballast);
        using TestHolder third = TestHolder.Hold(run, op.Grant("l-3", 1, devices, 64 << 20));
        using var client = holder.Attach();
        using var other = third.Attach();
    }

    [Fact]
    public void A_session_that_cannot_be_written_down_is_refused_with_the_reason()
    {
        string disk = "";
        using var run = AgentRun.Start(prepare: folders => Mount(disk = folders.Run));
        using var mounted = new Mounted(disk);
        using OperatorClient op = run.Operator();
        using TestHolder holder = TestHolder.Hold(run, op.Grant("l-1", 1, op.Devices(), 64 << 20));
        string ballast = Path.Combine(disk, "ballast");
        Fill(ballast, disk, 0);
        Assert.Contains("No space left", Assert.IsType<Refused>(holder.Ask()).Reason);
        File.Delete(ballast);
        using var client = holder.Attach();
    }

    private static void Mount(string folder)
    {
        Directory.CreateDirectory(folder, (UnixFileMode)0x1ed);
        (int code, string said) = ToolRun.Run(
            "mount",
            ["-t", "tmpfs", "-o", $"size={DiskBytes},mode=0755", "weir-test", folder]
        );
        Assert.SkipUnless(code == 0, $"a small disk of its own cannot be mounted here: {said.Trim()}");
    }

    // Until so many bytes are left, to the page.
    private static void Fill(string ballast, string disk, int free)
    {
        using FileStream file = File.Create(ballast);
        long left = new DriveInfo(disk).AvailableFreeSpace - free;
        file.Write(new byte[left]);
        file.Flush();
        Assert.Equal(free, new DriveInfo(disk).AvailableFreeSpace);
    }

    // Before the agent's folder is removed; what still runs in it keeps it until it ends.
    private sealed class Mounted(string folder) : IDisposable
    {
        public void Dispose() => Assert.Equal(0, ToolRun.Run("umount", ["--lazy", folder]).Code);
    }
}
