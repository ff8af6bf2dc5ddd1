using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Weir.Posix;
using Weir.Worker.Launching;

namespace Weir.Worker.Enclosing;

/// <summary>
/// `weir-worker --enclose`: joins control groups, takes limits, a network and mounts of its own, becomes another user and
/// then the program. An agent runs workers and workloads through it, because only a process can do these things to itself.
/// </summary>
internal static unsafe class Enclosure
{
    private const int CannotEnclose = 125;

    /// <summary>Returns only when the program was not started.</summary>
    public static int Run(IReadOnlyList<string> words)
    {
        string name = "";
        try
        {
            EncloseOptions options = EncloseOptions.Parse(words);
            name = options.Program[0];
            JoinGroups(options);
            SetLimits(options);
            if (options.IsWithoutNetwork)
            {
                Must(Libc.unshare(Libc.CLONE_NEWNET), "cannot have a network of its own");
            }
            EnclosedMounts.Apply(options.Mounts);
            BecomeUser(options.User);
            if (options.Directory is { } directory)
            {
                Must(
                    Libc.chdir(NativeText.Allocate(directory)),
                    $"cannot work in {NativeText.ToDisplay(directory)} as this user"
                );
            }
            if (options.HasNoNewPrivileges)
            {
                Must(Libc.prctl(Libc.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "cannot give up new privileges");
            }
            string path =
                ProgramFile.Find(name, NativeText.Variable("PATH"), out int exitCode, out string reason)
                ?? throw new EnclosureException($"{NativeText.ToDisplay(name)}: {reason}", exitCode);
            // The runtime linked in here ignores this one; the program shall not.
            _ = UntouchedSignals.Set(Libc.SIGPIPE, 0);
            _ = Libc.execv(NativeText.Allocate(path), NativeText.Allocate(options.Program));
            throw new EnclosureException(
                $"{NativeText.ToDisplay(name)}: cannot be executed (errno {Libc.Errno})",
                ProgramFile.NotExecutable
            );
        }
        catch (FormatException failure)
        {
            return Fail(2, failure.Message);
        }
        catch (EnclosureException failure)
        {
            return Fail(failure.ExitCode, failure.Message);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return Fail(CannotEnclose, failure.Message);
        }
    }

    /// <summary>Throws with the error number when a call failed.</summary>
    /// <exception cref="EnclosureException">It did.</exception>
    public static void Must(int result, string what)
    {
        if (result != 0)
        {
            int error = Libc.Errno;
            throw new EnclosureException($"{what}: {Marshal.GetPInvokeErrorMessage(error)}", CannotEnclose);
        }
    }

    private static void JoinGroups(EncloseOptions options)
    {
        foreach (string group in options.ControlGroups)
        {
            File.WriteAllText(
                NativeText.ToDisplay(group) + "/cgroup.procs",
                Environment.ProcessId.ToString(CultureInfo.InvariantCulture)
            );
        }
    }

    private static void SetLimits(EncloseOptions options)
    {
        Limit(Libc.RLIMIT_NOFILE, options.Files);
        Limit(Libc.RLIMIT_NPROC, options.Processes);
        Limit(Libc.RLIMIT_DATA, options.DataBytes);
        Limit(Libc.RLIMIT_CORE, 0);
    }

    private static void Limit(int resource, ulong? most)
    {
        ResourceLimit limit;
        if (most is { } value && Libc.getrlimit(resource, &limit) == 0)
        {
            limit.Soft = limit.Hard = Math.Min(value, limit.Hard);
            _ = Libc.setrlimit(resource, &limit);
        }
    }

    private static void BecomeUser(string? user)
    {
        if (user is null)
        {
            return;
        }
        uint uid;
        uint gid;
        if (
            user.Split(':') is [var first, var second]
            && uint.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out uid)
            && uint.TryParse(second, NumberStyles.None, CultureInfo.InvariantCulture, out gid)
        )
        {
            Must(Libc.setgroups(0, null), "cannot leave the groups of this user");
        }
        else
        {
            byte* name = NativeText.Allocate(user);
            PasswordEntry* entry = Libc.getpwnam(name);
            if (entry == null)
            {
                throw new EnclosureException(
                    $"there is no user {NativeText.ToDisplay(user)} on this node",
                    CannotEnclose
                );
            }
            (uid, gid) = (entry->Uid, entry->Gid);
            SetDefault("HOME", entry->Home);
            SetDefault("SHELL", entry->Shell);
            SetDefault("USER", name);
            SetDefault("LOGNAME", name);
            if (uid == Libc.getuid())
            {
                return;
            }
            Must(Libc.initgroups(name, gid), $"cannot take the groups of {NativeText.ToDisplay(user)}");
        }
        Must(Libc.setgid(gid), $"cannot become user {NativeText.ToDisplay(user)}");
        Must(Libc.setuid(uid), $"cannot become user {NativeText.ToDisplay(user)}");
    }

    private static void SetDefault(string name, byte* value) => _ = Libc.setenv(NativeText.Allocate(name), value, 0);

    private static int Fail(int exitCode, string text)
    {
        byte[] line = Encoding.UTF8.GetBytes($"weir: {text}\n");
        fixed (byte* data = line)
        {
            _ = Libc.write(2, data, (nuint)line.Length);
        }
        return exitCode;
    }
}

/// <summary>A program cannot be enclosed as asked.</summary>
internal sealed class EnclosureException(string message, int exitCode) : Exception(message)
{
    /// <summary>What the process ends with.</summary>
    public int ExitCode { get; } = exitCode;
}
