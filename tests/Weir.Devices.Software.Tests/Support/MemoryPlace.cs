using Weir.Devices.Software.Memory;

namespace Weir.Devices.Software.Tests.Support;

/// <summary>A range of addresses in which one device after another is made, as workers of one session are.</summary>
internal sealed class MemoryPlace : IDisposable
{
    private const ulong DeviceBytes = 1ul << 30;

    private readonly AddressWindow window = AddressWindow.Reserve(DeviceBytes, 2 << 20);

    /// <summary>First address.</summary>
    public ulong Address => window.Address;

    /// <summary>The next device.</summary>
    public TestDevice Open(
        Func<SoftwareDeviceOptions, SoftwareDeviceOptions>? change = null,
        ulong memoryBytes = 64 << 20
    ) =>
        new(
            memoryBytes: memoryBytes,
            change: options =>
            {
                options = options with
                {
                    WindowAddress = window.Address,
                    WindowBytes = window.SizeBytes,
                    WindowDeviceBytes = DeviceBytes,
                };
                return change?.Invoke(options) ?? options;
            }
        );

    public void Dispose() => window.Dispose();
}
