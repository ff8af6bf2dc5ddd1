using Weir.Devices.OpenCl;

namespace Weir.Worker.Devices;

/// <summary>What `weir-worker --describe --opencl` tells of OpenCL.</summary>
/// <param name="Reason">Why there is no device; empty when there is one.</param>
/// <param name="Devices">In the order in which programs see them.</param>
internal sealed record OpenClListing(string Reason, IReadOnlyList<ListedOpenClDevice> Devices)
{
    private const uint PlatformName = 0x0902;
    private const uint Name = 0x102B;
    private const uint Version = 0x102F;
    private const uint Type = 0x1000;
    private const uint Units = 0x1002;
    private const uint Memory = 0x101F;

    /// <summary>Asks the machine's loader.</summary>
    public static OpenClListing Create()
    {
        if (OpenClLibrary.TryOpen(out string reason) is not { } library)
        {
            return new OpenClListing(reason, []);
        }
        DeviceList list = DeviceList.Read(library, out reason);
        return new OpenClListing(
            reason,
            [
                .. list.Devices.Select(device => new ListedOpenClDevice(
                    "Weir: " + list.Text(list.Platforms[device.Platform], PlatformName, isPlatform: true),
                    device.Name,
                    list.Number(device.Native, Type) switch
                    {
                        var type when (type & 4) != 0 => "GPU",
                        var type when (type & 2) != 0 => "processor",
                        _ => "accelerator",
                    },
                    list.Text(device.Native, Version, isPlatform: false),
                    list.Number(device.Native, Memory),
                    (int)list.Number(device.Native, Units)
                )),
            ]
        );
    }
}

/// <summary>One device of OpenCL.</summary>
internal sealed record ListedOpenClDevice(
    string Platform,
    string Name,
    string Type,
    string Version,
    ulong MemoryBytes,
    int ComputeUnits
);
