using Weir.Posix;

namespace Weir.Agent.Configuration;

/// <summary>
/// Where an agent keeps its things. The run folder describes what runs now and is worthless after a boot; the state folder
/// stays.
/// </summary>
/// <param name="Run">Holds sockets, books of leases and sessions, pages.</param>
/// <param name="State">Holds the certificate, the cache of kernels, logs, workloads.</param>
internal sealed record AgentFolders(string Run, string State)
{
    /// <summary>
    /// Holders connect here. It is alone in its folder, so that a container can mount the folder: a socket that is mounted itself is
    /// dead as soon as the agent is started again.
    /// </summary>
    public string Socket => Path.Combine(Run, "door", "agent.sock");

    /// <summary>The operator connects here.</summary>
    public string OperatorSocket => Path.Combine(Run, "operator.sock");

    /// <summary>One JSON file per lease, and its pages.</summary>
    public string Leases => Path.Combine(Run, "leases");

    /// <summary>One JSON file per session.</summary>
    public string Sessions => Path.Combine(Run, "sessions");

    /// <summary>One socket per worker, for the agent that comes after this one.</summary>
    public string Workers => Path.Combine(Run, "workers");

    /// <summary>What workers write; a folder for each, of its own user.</summary>
    public string Output => Path.Combine(Run, "output");

    /// <summary>Socket of the compile service, in a folder of its user.</summary>
    public string Compiler => Path.Combine(Run, "compiler", "compiler.sock");

    /// <summary>Compiled kernels.</summary>
    public string Cache => Path.Combine(State, "cache");

    /// <summary>Images of sessions: a folder each for those that are parked, and "named" for those that people asked for.</summary>
    public string Images => Path.Combine(State, "images");

    /// <summary>Logs of workers.</summary>
    public string Logs => Path.Combine(State, "log");

    /// <summary>Ends of sessions that the controller has not kept yet.</summary>
    public string Ended => Path.Combine(State, "ended");

    /// <summary>One folder per try of a workload.</summary>
    public string Workloads => Path.Combine(State, "workloads");

    /// <summary>Makes the folders; what a boot before this one left in the run folder is removed.</summary>
    public void Prepare()
    {
        const UnixFileMode Own = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        const UnixFileMode Passable = Own | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        _ = Directory.CreateDirectory(Run, Passable);
        File.SetUnixFileMode(Run, Passable);
        string bootFile = Path.Combine(Run, "boot");
        string boot = File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();
        if (File.Exists(bootFile) && File.ReadAllText(bootFile) != boot)
        {
            foreach (string folder in (string[])[Leases, Sessions, Workers, Output])
            {
                if (Directory.Exists(folder))
                {
                    Directory.Delete(folder, recursive: true);
                }
            }
        }
        File.WriteAllText(bootFile, boot);
        foreach (string folder in (string[])[Leases, Sessions, Workers])
        {
            _ = Directory.CreateDirectory(folder, Own);
        }
        _ = Directory.CreateDirectory(Path.GetDirectoryName(Socket)!, Passable);
        _ = Directory.CreateDirectory(Output, Passable);
        _ = Directory.CreateDirectory(State, Passable);
        _ = Directory.CreateDirectory(Logs, Own);
        _ = Directory.CreateDirectory(Ended, Own);
        _ = Directory.CreateDirectory(Images, Passable);
        _ = Directory.CreateDirectory(Path.Combine(Images, "named"), Passable);
        _ = Directory.CreateDirectory(Workloads, Passable);
        _ = Directory.CreateDirectory(Path.GetDirectoryName(Compiler)!, Passable);
        _ = Directory.CreateDirectory(Cache, Passable);
    }

    /// <summary>Gives a folder or file to a user.</summary>
    public static unsafe void Give(string path, uint user)
    {
        byte* native = NativeText.Allocate(NativeText.FromUtf8(path));
        int result = Libc.chown(native, user, user);
        System.Runtime.InteropServices.NativeMemory.Free(native);
        if (result != 0)
        {
            throw new IOException($"{path} cannot be given to user {user}");
        }
    }
}
