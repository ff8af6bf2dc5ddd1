using System.Text;
using Weir.Api;

namespace Weir.Devices.OpenCl;

/// <summary>A device of the machine.</summary>
/// <param name="Native">The driver's own.</param>
/// <param name="Platform">Number of its platform among those with devices.</param>
/// <param name="Name">CL_DEVICE_NAME.</param>
public sealed record OpenClDevice(nint Native, int Platform, string Name);

/// <summary>Which platforms and devices there are. Platforms without a device, and Weir's own, are left out.</summary>
public sealed unsafe class DeviceList
{
    private const uint Most = 64;
    private const uint PlatformName = 0x0902;
    private const uint DeviceName = 0x102B;
    private const ulong AllTypes = 0xFFFFFFFF;

    private readonly OpenClLibrary _library;

    private DeviceList(OpenClLibrary library, IReadOnlyList<nint> platforms, IReadOnlyList<OpenClDevice> devices) =>
        (_library, Platforms, Devices) = (library, platforms, devices);

    /// <summary>The drivers' platforms.</summary>
    public IReadOnlyList<nint> Platforms { get; }

    /// <summary>All devices, those of the first platform first.</summary>
    public IReadOnlyList<OpenClDevice> Devices { get; }

    /// <summary>Asks the loader.</summary>
    /// <param name="library">The loader.</param>
    /// <param name="reason">Why there is no device; empty when there is one.</param>
    public static DeviceList Read(OpenClLibrary library, out string reason)
    {
        nint* platforms = stackalloc nint[(int)Most];
        nint* devices = stackalloc nint[(int)Most];
        uint count;
        List<nint> kept = [];
        List<OpenClDevice> found = [];
        ClResult result = library.GetPlatformIDs(Most, platforms, &count);
        if (result != ClResult.Success)
        {
            count = 0;
        }
        for (uint i = 0; i < Math.Min(count, Most); i++)
        {
            uint members;
            nint platform = platforms[i];
            if (
                Text(library, platform, PlatformName, isPlatform: true).StartsWith("Weir", StringComparison.Ordinal)
                || library.GetDeviceIDs(platform, AllTypes, Most, devices, &members) != ClResult.Success
            )
            {
                continue;
            }
            for (uint j = 0; j < Math.Min(members, Most) && found.Count < Most; j++)
            {
                string name = Text(library, devices[j], DeviceName, isPlatform: false);
                found.Add(new OpenClDevice(devices[j], kept.Count, name));
            }
            kept.Add(platform);
        }
        reason =
            found.Count > 0 ? ""
            : count == 0 ? $"the OpenCL loader knows no platform ({(int)result}): no driver is installed"
            : "no OpenCL platform has a device";
        return new DeviceList(library, kept, found);
    }

    /// <summary>A text that a device or a platform tells; empty when it tells none.</summary>
    public string Text(nint subject, uint parameter, bool isPlatform) => Text(_library, subject, parameter, isPlatform);

    /// <summary>A number that a device tells; 0 when it tells none.</summary>
    public ulong Number(nint device, uint parameter)
    {
        ulong value = 0;
        _ = _library.GetDeviceInfo(device, parameter, sizeof(ulong), &value, null);
        return value;
    }

    private static string Text(OpenClLibrary library, nint subject, uint parameter, bool isPlatform)
    {
        byte* text = stackalloc byte[256];
        nuint bytes;
        ClResult result = isPlatform
            ? library.GetPlatformInfo(subject, parameter, 255, text, &bytes)
            : library.GetDeviceInfo(subject, parameter, 255, text, &bytes);
        return result == ClResult.Success ? Encoding.UTF8.GetString(text, (int)bytes).TrimEnd('\0').Trim() : "";
    }
}
