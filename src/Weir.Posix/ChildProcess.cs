using System.Runtime.InteropServices;

namespace Weir.Posix;

/// <summary>
/// Starts programs with exactly the descriptors that they are to have. .NET's own Process passes none on, and a
/// launcher that becomes another program must not leave it children that it knows nothing of.
/// </summary>
internal static unsafe class ChildProcess
{
    /// <summary>First descriptor number that handed-down descriptors get in the child.</summary>
    public const int FirstInherited = 3;

    // Above anything that is handed down, so that moving to the final numbers overwrites no source.
    private const int Parking = 100;

    /// <summary>
    /// Starts <paramref name="path"/>; <paramref name="inherited"/> become descriptors 3, 4, … and all others are
    /// closed. Standard input is /dev/null; outputs go to <paramref name="output"/>. With
    /// <paramref name="detached"/> the process is in a session of its own and no child of this one.
    /// </summary>
    /// <returns>Process id, or 0 when detached.</returns>
    /// <exception cref="IOException">It could not be started; says why.</exception>
    public static int Start(
        string path,
        IReadOnlyList<string> arguments,
        IReadOnlyList<string> environment,
        ReadOnlySpan<int> inherited,
        int output,
        bool detached
    )
    {
        byte* program = NativeText.Allocate(path);
        byte** argv = NativeText.Allocate(arguments);
        byte** envp = NativeText.Allocate(environment);
        int* report = stackalloc int[2];
        if (Libc.pipe2(report, Libc.O_CLOEXEC) != 0)
        {
            throw new IOException($"no pipe: errno {Libc.Errno}");
        }
        int nothing;
        fixed (byte* devNull = "/dev/null\0"u8)
        {
            nothing = Libc.open(devNull, Libc.O_RDWR | Libc.O_CLOEXEC, 0);
        }
        int pid;
        fixed (int* descriptors = inherited)
        {
            pid = Libc.fork();
            if (pid == 0)
            {
                RunChild(program, argv, envp, descriptors, inherited.Length, nothing, output, report[1], detached);
            }
        }
        int error = pid < 0 ? Libc.Errno : 0;
        _ = Libc.close(report[1]);
        _ = Libc.close(nothing);
        if (pid > 0)
        {
            // Nothing arrives when exec succeeded: the pipe's other end closed with it.
            nint got;
            do
            {
                got = Libc.read(report[0], &error, sizeof(int));
            } while (got < 0 && Libc.Errno == Libc.EINTR);
            if (detached || error != 0)
            {
                _ = Libc.waitpid(pid, null, 0);
            }
        }
        _ = Libc.close(report[0]);
        NativeText.Free(argv);
        NativeText.Free(envp);
        NativeMemory.Free(program);
        return error == 0
            ? (detached ? 0 : pid)
            : throw new IOException($"cannot start {NativeText.ToDisplay(path)}: errno {error}");
    }

    // Runs in the forked child: no allocation, no runtime transitions, until exec.
    private static void RunChild(
        byte* program,
        byte** argv,
        byte** envp,
        int* descriptors,
        int count,
        int nothing,
        int output,
        int report,
        bool detached
    )
    {
        if (detached)
        {
            _ = Libc.ChildSetsid();
            int second = Libc.fork();
            if (second != 0)
            {
                Libc.ChildExit(0);
            }
        }
        int parkedOutput = Libc.ChildFcntl(output < 0 ? nothing : output, Libc.F_DUPFD_CLOEXEC, Parking);
        int parkedReport = Libc.ChildFcntl(report, Libc.F_DUPFD_CLOEXEC, Parking);
        int* parked = stackalloc int[8];
        for (int i = 0; i < count; i++)
        {
            parked[i] = Libc.ChildFcntl(descriptors[i], Libc.F_DUPFD_CLOEXEC, Parking);
        }
        _ = Libc.ChildDup2(nothing, 0);
        _ = Libc.ChildDup2(parkedOutput, 1);
        _ = Libc.ChildDup2(parkedOutput, 2);
        for (int i = 0; i < count; i++)
        {
            _ = Libc.ChildDup2(parked[i], FirstInherited + i);
        }
        Libc.CloseOnExecFrom(FirstInherited + count);
        byte* none = stackalloc byte[128];
        for (int i = 0; i < 128; i++)
        {
            none[i] = 0;
        }
        _ = Libc.ChildSigprocmask(Libc.SIG_SETMASK, none, null);
        _ = Libc.ChildExecve(program, argv, envp);
        int error = Libc.Errno;
        _ = Libc.ChildWrite(parkedReport, &error, sizeof(int));
        Libc.ChildExit(127);
    }
}
