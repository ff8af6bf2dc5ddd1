namespace Weir.Kernels.Abi;

/// <summary>
/// The contract between generated code and the device that runs it.
/// <para>
/// An object holds one function, <see cref="EntrySymbol"/>, of the C signature
/// <c>uint32_t weir_kernel(const KernelLaunch*, KernelThread*, uint64_t firstBlock, uint64_t endBlock)</c>: it runs the
/// blocks of linear index [firstBlock, endBlock) one after another (x fastest) and returns a
/// <see cref="KernelFault"/>. It calls nothing outside the object except through
/// <see cref="KernelLaunch.Helpers"/>, so the object needs only relocations against its own sections.
/// </para>
/// </summary>
public static class KernelAbi
{
    /// <summary>Counted up with every change to the structures or the meaning of generated code; part of the cache key.</summary>
    public const int Version = 2;

    /// <summary>Threads per warp, as programs see it.</summary>
    public const int WarpSize = 32;

    /// <summary>
    /// Generic address of byte 0 of a thread's local memory. Not canonical on x86-64, so it is nobody's host address.
    /// </summary>
    public const ulong LocalWindow = 0x0001_0000_0000_0000;

    /// <summary>Name of the one function in an object.</summary>
    public const string EntrySymbol = "weir_kernel";

    /// <summary>In <see cref="KernelLaunch.Shadow"/>: memory that was allocated and is not any more.</summary>
    public const byte FreedShadow = 9;

    /// <summary>High half of a texture object's handle.</summary>
    public const uint TextureHandleTag = 0x7465_7800;

    /// <summary>
    /// Names of the C functions (libm, double precision, scalar) whose addresses the device puts in
    /// <see cref="KernelLaunch.Helpers"/>, in this order.
    /// </summary>
    public static readonly IReadOnlyList<string> Helpers = ["sin", "cos", "exp2", "log2", "tanh", "fmod"];

    /// <summary>Place behind them of the function that answers a <see cref="SystemCall"/>.</summary>
    public const int SystemHelper = 6;
}
