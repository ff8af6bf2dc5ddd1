using Weir.Posix;
using Weir.Worker.Sessions;

namespace Weir.Worker.Attach;

/// <summary>Address ranges and memory files of a session.</summary>
internal static unsafe class Mapping
{
    /// <summary>Reserves the window at the client's addresses, without access; false when something is there already.</summary>
    public static bool TryReserve(Window window)
    {
        nint mapped = Libc.mmap(
            (nint)window.Base,
            (nuint)window.Bytes,
            Libc.PROT_NONE,
            Libc.MAP_PRIVATE | Libc.MAP_ANONYMOUS | Libc.MAP_NORESERVE | Libc.MAP_FIXED_NOREPLACE,
            -1,
            0
        );
        if (mapped != -1 && mapped != (nint)window.Base)
        {
            // A kernel older than the flag takes the address as a hint.
            _ = Libc.munmap(mapped, (nuint)window.Bytes);
            return false;
        }
        return mapped != -1;
    }

    /// <summary>Sparse memory file of fixed size, sealed so that nobody can take pages away from under the other; -1 if none.</summary>
    public static int CreateShared(string name, long bytes)
    {
        int file = Libc.memfd_create(NativeText.Allocate(name), Libc.MFD_CLOEXEC | Libc.MFD_ALLOW_SEALING);
        const int Seals = Libc.F_SEAL_SHRINK | Libc.F_SEAL_GROW | Libc.F_SEAL_SEAL;
        if (file >= 0 && (Libc.ftruncate(file, bytes) != 0 || Libc.fcntl(file, Libc.F_ADD_SEALS, Seals) != 0))
        {
            _ = Libc.close(file);
            return -1;
        }
        return file;
    }

    /// <summary>Maps a file, shared; null when it cannot be.</summary>
    public static byte* Map(int file, long bytes)
    {
        nint mapped =
            file < 0
                ? -1
                : Libc.mmap(
                    0,
                    (nuint)bytes,
                    Libc.PROT_READ | Libc.PROT_WRITE,
                    Libc.MAP_SHARED | Libc.MAP_NORESERVE,
                    file,
                    0
                );
        return mapped == -1 ? null : (byte*)mapped;
    }

    /// <summary>Maps the host memory file over the upper half of a reserved window.</summary>
    public static bool TryMapHost(Window window, int file) =>
        file >= 0
        && Libc.mmap(
            (nint)window.HostBase,
            (nuint)(window.Bytes / 2),
            Libc.PROT_READ | Libc.PROT_WRITE,
            Libc.MAP_SHARED | Libc.MAP_NORESERVE | Libc.MAP_FIXED,
            file,
            0
        ) != -1;
}
