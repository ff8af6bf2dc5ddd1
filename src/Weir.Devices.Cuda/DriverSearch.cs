namespace Weir.Devices.Cuda;

/// <summary>
/// Finds the machine's driver by file, not by asking the loader: the shim's directory comes first in a client's
/// <c>LD_LIBRARY_PATH</c>, and loading the shim to find out that it is the shim would leave it in the process for ever.
/// </summary>
internal static class DriverSearch
{
    /// <summary>Name that programs load.</summary>
    internal const string FileName = "libcuda.so.1";

    /// <summary>Symbol by which Weir's own library is known.</summary>
    internal static ReadOnlySpan<byte> Marker => "weir_shim_marker"u8;

    /// <summary>Where drivers are installed, in the loader's order.</summary>
    internal static IEnumerable<string> Directories()
    {
        string path = Environment.GetEnvironmentVariable("LD_LIBRARY_PATH") ?? "";
        foreach (string directory in path.Split(':', StringSplitOptions.RemoveEmptyEntries))
        {
            yield return directory;
        }
        foreach (string directory in ConfiguredDirectories("/etc/ld.so.conf.d"))
        {
            yield return directory;
        }
        string[] usual =
        [
            "/usr/lib/x86_64-linux-gnu",
            "/lib/x86_64-linux-gnu",
            "/usr/lib64",
            "/lib64",
            "/usr/lib",
            "/usr/local/nvidia/lib64",
            "/usr/lib/wsl/lib",
            "/run/opengl-driver/lib",
        ];
        foreach (string directory in usual)
        {
            yield return directory;
        }
    }

    /// <summary>The first file of the driver's name that is not Weir's own; null when there is none.</summary>
    internal static string? Find(IEnumerable<string> directories)
    {
        foreach (string directory in directories)
        {
            string path = Path.Combine(directory, FileName);
            if (File.Exists(path) && !IsShim(path))
            {
                return path;
            }
        }
        return null;
    }

    /// <summary>The file carries the marker. An unreadable file counts as the shim: it could not be loaded either.</summary>
    internal static bool IsShim(string path)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            byte[] buffer = new byte[1 << 20];
            int kept = 0;
            while (true)
            {
                int read = file.Read(buffer, kept, buffer.Length - kept);
                if (read == 0)
                {
                    return false;
                }
                int filled = kept + read;
                if (buffer.AsSpan(0, filled).IndexOf(Marker) >= 0)
                {
                    return true;
                }
                // The marker may lie across two reads.
                kept = Math.Min(filled, Marker.Length - 1);
                buffer.AsSpan(filled - kept, kept).CopyTo(buffer);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return true;
        }
    }

    private static IEnumerable<string> ConfiguredDirectories(string folder)
    {
        string[] files;
        try
        {
            files = Directory.GetFiles(folder, "*.conf");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            yield break;
        }
        foreach (string file in files.Order(StringComparer.Ordinal))
        {
            string[] lines;
            try
            {
                lines = File.ReadAllLines(file);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                continue;
            }
            foreach (string line in lines.Select(l => l.Trim()).Where(l => l.StartsWith('/')))
            {
                yield return line;
            }
        }
    }
}
