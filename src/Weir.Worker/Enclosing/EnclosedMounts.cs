using Weir.Posix;
using Weir.Worker.Launching;

namespace Weir.Worker.Enclosing;

/// <summary>Mounts that only the enclosed program sees: they go with its last process.</summary>
internal static unsafe class EnclosedMounts
{
    private const string Helper = "/sbin/mount.nfs";

    /// <summary>Makes them in a mount namespace of this thread's own, which exec keeps; nothing when there are none.</summary>
    /// <exception cref="EnclosureException">One cannot be made; says which and why.</exception>
    public static void Apply(IReadOnlyList<EnclosedMount> mounts)
    {
        if (mounts.Count == 0)
        {
            return;
        }
        Enclosure.Must(
            Libc.unshare(Libc.CLONE_NEWNS),
            "mounts need an agent that runs as root (or with CAP_SYS_ADMIN)"
        );
        Enclosure.Must(
            Libc.mount(null, NativeText.Allocate("/"), null, Libc.MS_REC | Libc.MS_PRIVATE, null),
            "cannot make the mounts private"
        );
        foreach (EnclosedMount mount in mounts)
        {
            if (mount.Kind == "nfs")
            {
                MountNfs(mount);
            }
            else
            {
                Bind(mount);
            }
        }
    }

    private static void Bind(EnclosedMount mount)
    {
        string what = $"cannot mount {NativeText.ToDisplay(mount.Source)} at {NativeText.ToDisplay(mount.Target)}";
        byte* target = NativeText.Allocate(mount.Target);
        Enclosure.Must(
            Libc.mount(NativeText.Allocate(mount.Source), target, null, Libc.MS_BIND | Libc.MS_REC, null),
            what
        );
        // The flags of a bind mount are set by a second call.
        ulong flags = Libc.MS_BIND | Libc.MS_REMOUNT | Libc.MS_NOSUID | (mount.IsReadOnly ? Libc.MS_RDONLY : 0);
        Enclosure.Must(Libc.mount(null, target, null, flags, null), what);
    }

    private static void MountNfs(EnclosedMount mount)
    {
        string what = $"cannot mount {NativeText.ToDisplay(mount.Source)} at {NativeText.ToDisplay(mount.Target)}";
        if (ProgramFile.Find(Helper, null, out _, out _) is null)
        {
            throw new EnclosureException($"{what}: {Helper} is not on this node (Debian: nfs-common)", 125);
        }
        int pid = ChildProcess.Start(
            Helper,
            [Helper, mount.Source, mount.Target, "-o", mount.IsReadOnly ? "ro,nosuid" : "rw,nosuid"],
            NativeText.Environment(),
            [],
            output: 2,
            detached: false
        );
        int status = 0;
        _ = Libc.waitpid(pid, &status, 0);
        if (status != 0)
        {
            throw new EnclosureException($"{what}: {Helper} failed", 125);
        }
    }
}
