using System.Text;

namespace Weir.Devices.OpenCl;

/// <summary>
/// Which of a driver's extensions clients are told of: those that change what kernels may say or what known functions accept, not those
/// that bring functions or sharing with other interfaces.
/// </summary>
public static class OfferedExtensions
{
    // struct cl_name_version: u32, char[64]
    private const int VersionBytes = 4;
    private const int EntryBytes = VersionBytes + 64;

    private static readonly string[] s_withheld =
    [
        "cl_pocl_",
        "cl_khr_command_buffer",
        "cl_khr_gl_",
        "cl_khr_egl_",
        "cl_khr_d3d",
        "cl_khr_dx9",
        "cl_khr_external_",
        "cl_khr_semaphore",
        "cl_khr_create_command_queue",
        "cl_khr_il_program",
        "cl_khr_priority_hints",
        "cl_khr_throttle_hints",
        "cl_ext_device_fission",
        "cl_ext_buffer_device_address",
        "cl_intel_unified_shared_memory",
        "cl_intel_va_",
        "cl_intel_motion_",
        "cl_intel_command_queue",
        "cl_intel_exec_by_local_thread",
        "cl_nv_",
        "cl_arm_import_memory",
    ];

    /// <summary>The extension is offered.</summary>
    public static bool IsOffered(string name) =>
        name.Length > 0 && !s_withheld.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal));

    /// <summary>A text of names with spaces between, as CL_…_EXTENSIONS answers it.</summary>
    public static byte[] Names(ReadOnlySpan<byte> text, bool isPlatform)
    {
        const string FoundByLoader = "cl_khr_icd";
        string[] names = [.. Encoding.UTF8.GetString(text).TrimEnd('\0').Split(' ').Where(IsOffered)];
        if (isPlatform && !names.Contains(FoundByLoader))
        {
            names = [.. names, FoundByLoader];
        }
        return Encoding.UTF8.GetBytes(string.Join(' ', names) + "\0");
    }

    /// <summary>Names with versions, as CL_…_EXTENSIONS_WITH_VERSION answers them.</summary>
    public static byte[] Versions(ReadOnlySpan<byte> entries)
    {
        List<byte> kept = [];
        for (int at = 0; at + EntryBytes <= entries.Length; at += EntryBytes)
        {
            ReadOnlySpan<byte> name = entries.Slice(at + VersionBytes, EntryBytes - VersionBytes);
            int end = name.IndexOf((byte)0);
            if (IsOffered(Encoding.UTF8.GetString(end < 0 ? name : name[..end])))
            {
                kept.AddRange(entries.Slice(at, EntryBytes));
            }
        }
        return [.. kept];
    }
}
