using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Weir.Images;

/// <summary>Has what was written reach the disk.</summary>
internal static unsafe class Durability
{
    private const int DirectoryFlag = 0x10000;
    private const int CloseOnExec = 0x80000;

    [DllImport("libc", EntryPoint = "open")]
    private static extern int Open(byte* path, int flags);

    [DllImport("libc", EntryPoint = "fsync")]
    private static extern int Sync(int descriptor);

    [DllImport("libc", EntryPoint = "close")]
    private static extern int Close(int descriptor);

    /// <summary>Waits until files, and the names of all folders above them up to <paramref name="folder"/>, are on the disk.</summary>
    /// <exception cref="IOException">They could not all be written.</exception>
    public static void Flush(string folder, IReadOnlyList<string> files)
    {
        // Several at a time: the disk's own queue makes one journal entry of them.
        _ = Parallel.ForEach(
            files,
            new ParallelOptions { MaxDegreeOfParallelism = 8 },
            file =>
            {
                using SafeFileHandle handle = File.OpenHandle(file, FileMode.Open, FileAccess.ReadWrite);
                RandomAccess.FlushToDisk(handle);
            }
        );
        HashSet<string> folders = [.. files.Select(file => Path.GetDirectoryName(file)!), folder];
        folders.UnionWith(
            folders.Select(one => Path.GetDirectoryName(one)!).Where(one => one.Length > folder.Length).ToArray()
        );
        foreach (string one in folders)
        {
            FlushNames(one);
        }
    }

    /// <summary>Waits until the names in a folder are on the disk.</summary>
    /// <exception cref="IOException">They could not be written.</exception>
    public static void FlushNames(string folder) => With(folder, &Sync);

    private static void With(string folder, delegate* <int, int> flush)
    {
        byte[] path = [.. Encoding.UTF8.GetBytes(folder), 0];
        int descriptor;
        fixed (byte* text = path)
        {
            descriptor = Open(text, DirectoryFlag | CloseOnExec);
        }
        int result = descriptor < 0 ? -1 : Sync(descriptor);
        if (descriptor >= 0)
        {
            _ = Close(descriptor);
        }
        if (result != 0)
        {
            throw new IOException($"{folder} could not be written to the disk");
        }
    }
}
