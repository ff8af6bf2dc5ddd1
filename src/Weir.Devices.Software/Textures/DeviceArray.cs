using Weir.Api;
using Weir.Devices.Software.Contexts;
using Weir.Devices.Software.Memory;

namespace Weir.Devices.Software.Textures;

/// <summary>A CUDA array: texels in rows and slices, stored linearly.</summary>
/// <param name="context">Context it belongs to.</param>
/// <param name="allocation">Its memory.</param>
/// <param name="descriptor">What it was created from.</param>
/// <param name="pitchBytes">From one row to the next.</param>
internal sealed class DeviceArray(
    DeviceContext context,
    DeviceAllocation allocation,
    CUDA_ARRAY3D_DESCRIPTOR descriptor,
    nuint pitchBytes
)
{
    /// <summary>Context it belongs to.</summary>
    public DeviceContext Context { get; } = context;

    /// <summary>Its memory.</summary>
    public DeviceAllocation Allocation { get; } = allocation;

    /// <summary>What it was created from; Height and Depth are 0 for fewer dimensions.</summary>
    public CUDA_ARRAY3D_DESCRIPTOR Descriptor { get; } = descriptor;

    /// <summary>Handle that the program holds.</summary>
    public nint Handle { get; set; }

    /// <summary>First texel.</summary>
    public ulong Address => Allocation.Address;

    /// <summary>Bytes of texels in a row.</summary>
    public nuint RowBytes =>
        Descriptor.Width * (nuint)TexelFormat.TexelBytes(Descriptor.Format, Descriptor.NumChannels);

    /// <summary>Rows in a slice.</summary>
    public nuint Rows => Math.Max(1, Descriptor.Height);

    /// <summary>Slices.</summary>
    public nuint Slices => Math.Max(1, Descriptor.Depth);

    /// <summary>From one row to the next, bytes.</summary>
    public nuint PitchBytes { get; } = pitchBytes;

    /// <summary>From one slice to the next, bytes.</summary>
    public nuint SliceBytes => PitchBytes * Rows;
}
