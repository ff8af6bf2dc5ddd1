namespace Weir.Api;

/// <summary>Attributes of a pair of devices.</summary>
public enum CUdevice_P2PAttribute
{
    /// <summary>Performance rank.</summary>
    PerformanceRank = 1,

    /// <summary>Access supported.</summary>
    AccessSupported = 2,

    /// <summary>Native atomic supported.</summary>
    NativeAtomicSupported = 3,

    /// <summary>Cuda array access supported.</summary>
    CudaArrayAccessSupported = 4,

    /// <summary>Only partial native atomic supported.</summary>
    OnlyPartialNativeAtomicSupported = 5,
}
