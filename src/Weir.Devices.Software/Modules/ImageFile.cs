using System.Runtime.InteropServices;
using System.Text;
using Weir.Api;

namespace Weir.Devices.Software.Modules;

/// <summary>Files that a program names instead of handing in their contents.</summary>
internal static unsafe class ImageFile
{
    /// <summary>Reads a file with a NUL byte behind its contents.</summary>
    public static CuResult TryRead(byte* path, out byte[] bytes)
    {
        bytes = [];
        string name = Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(path));
        try
        {
            bytes = [.. File.ReadAllBytes(name), 0];
            return CuResult.Success;
        }
        catch (Exception error)
            when (error is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            return CuResult.FileNotFound;
        }
    }
}
