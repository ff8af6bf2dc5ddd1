using System.Runtime.InteropServices;

namespace Weir.Posix;

/// <summary>
/// Starts programs from a process of many threads whose runtime compiles as it goes, where nothing may run between fork
/// and exec: the C library's own posix_spawn does both. The program is a child and must be reaped by
/// <see cref="TryReap"/>.
/// </summary>
internal static unsafe class SpawnedProcess
{
    // Opaque structures of glibc on x86-64: 80 and 336 bytes.
    private const int FileActionsBytes = 128;
    private const int AttributesBytes = 512;
    private const short SetSignalMask = 8;
    private const short SetSignalDefaults = 4;
    private const short SetSid = 0x80;

    // Above anything that is handed down, so that moving to the final numbers overwrites no source.
    private const int Parking = 100;

    /// <summary>
    /// Starts <paramref name="path"/> in a session of its own; <paramref name="inherited"/> become descriptors 3, 4, … and
    /// all others are closed. Standard input is /dev/null; outputs go to <paramref name="output"/>, or to /dev/null when
    /// that is negative.
    /// </summary>
    /// <returns>Process id.</returns>
    /// <exception cref="IOException">It could not be started; says why.</exception>
    public static int Start(
        string path,
        IReadOnlyList<string> arguments,
        IReadOnlyList<string> environment,
        ReadOnlySpan<int> inherited,
        int output
    )
    {
        byte* actions = stackalloc byte[FileActionsBytes];
        byte* attributes = stackalloc byte[AttributesBytes];
        byte* program = NativeText.Allocate(path);
        byte** argv = NativeText.Allocate(arguments);
        byte** envp = NativeText.Allocate(environment);
        Span<int> parked = stackalloc int[inherited.Length + 1];
        int error = 0;
        int pid = 0;
        _ = Libc.posix_spawn_file_actions_init(actions);
        _ = Libc.posix_spawnattr_init(attributes);
        parked.Fill(-1);
        try
        {
            fixed (byte* nothing = "/dev/null\0"u8)
            {
                _ = Libc.posix_spawn_file_actions_addopen(actions, 0, nothing, Libc.O_RDWR, 0);
                if (output < 0)
                {
                    _ = Libc.posix_spawn_file_actions_addopen(actions, 1, nothing, Libc.O_RDWR, 0);
                    _ = Libc.posix_spawn_file_actions_addopen(actions, 2, nothing, Libc.O_RDWR, 0);
                }
                else
                {
                    parked[^1] = Libc.fcntl(output, Libc.F_DUPFD_CLOEXEC, Parking);
                    _ = Libc.posix_spawn_file_actions_adddup2(actions, parked[^1], 1);
                    _ = Libc.posix_spawn_file_actions_adddup2(actions, parked[^1], 2);
                }
                for (int i = 0; i < inherited.Length; i++)
                {
                    parked[i] = Libc.fcntl(inherited[i], Libc.F_DUPFD_CLOEXEC, Parking);
                    _ = Libc.posix_spawn_file_actions_adddup2(actions, parked[i], ChildProcess.FirstInherited + i);
                }
                _ = Libc.posix_spawn_file_actions_addclosefrom_np(
                    actions,
                    ChildProcess.FirstInherited + inherited.Length
                );
                byte* signals = stackalloc byte[128];
                new Span<byte>(signals, 128).Clear();
                _ = Libc.posix_spawnattr_setsigmask(attributes, signals);
                new Span<byte>(signals, 8).Fill(0xff);
                _ = Libc.posix_spawnattr_setsigdefault(attributes, signals);
                _ = Libc.posix_spawnattr_setflags(attributes, SetSignalMask | SetSignalDefaults | SetSid);
                error = Libc.posix_spawn(&pid, program, actions, attributes, argv, envp);
            }
        }
        finally
        {
            foreach (int descriptor in parked)
            {
                if (descriptor >= 0)
                {
                    _ = Libc.close(descriptor);
                }
            }
            _ = Libc.posix_spawn_file_actions_destroy(actions);
            _ = Libc.posix_spawnattr_destroy(attributes);
            NativeText.Free(argv);
            NativeText.Free(envp);
            NativeMemory.Free(program);
        }
        return error == 0 ? pid : throw new IOException($"cannot start {NativeText.ToDisplay(path)}: errno {error}");
    }

    /// <summary>
    /// Takes the exit status of a child that has ended (as waitpid gives it); null when it runs still or is no child of
    /// this process.
    /// </summary>
    public static int? TryReap(int processId)
    {
        int status = 0;
        return Libc.waitpid(processId, &status, Libc.WNOHANG) == processId ? status : null;
    }
}
