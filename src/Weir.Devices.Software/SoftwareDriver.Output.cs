using Weir.Api;
using Weir.Devices.Software.Modules;

namespace Weir.Devices.Software;

/// <content>What kernels print.</content>
public sealed unsafe partial class SoftwareDriver
{
    /// <inheritdoc/>
    public int TakeOutput(Span<byte> buffer, out int descriptor) => device.Output.Take(buffer, out descriptor);

    /// <inheritdoc/>
    public bool MayPrint(nint function) =>
        functions.Find(function, out DeviceKernel kernel) == CuResult.Success && kernel.UsesServices;
}
