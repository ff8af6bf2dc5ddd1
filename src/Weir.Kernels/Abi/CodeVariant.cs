namespace Weir.Kernels.Abi;

/// <summary>What code does besides its kernel's work.</summary>
public enum CodeVariant : byte
{
    /// <summary>Nothing.</summary>
    Plain = 0,

    /// <summary>Every access to memory is looked at one by one and reported when it is wrong; the kernel goes on.</summary>
    Checked = 1,

    /// <summary>Instructions, branches and bytes are counted (<see cref="KernelCounter"/>).</summary>
    Profiled = 2,
}
