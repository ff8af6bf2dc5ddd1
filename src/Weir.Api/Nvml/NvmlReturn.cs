namespace Weir.Api;

/// <summary>Result of every NVML call (<c>nvmlReturn_t</c>); numbers as in nvml.h.</summary>
public enum NvmlReturn
{
    /// <summary>Success.</summary>
    Success = 0,

    /// <summary>Uninitialized.</summary>
    Uninitialized = 1,

    /// <summary>Invalid argument.</summary>
    InvalidArgument = 2,

    /// <summary>Not supported.</summary>
    NotSupported = 3,

    /// <summary>No permission.</summary>
    NoPermission = 4,

    /// <summary>Already initialized.</summary>
    AlreadyInitialized = 5,

    /// <summary>Not found.</summary>
    NotFound = 6,

    /// <summary>Insufficient size.</summary>
    InsufficientSize = 7,

    /// <summary>Insufficient power.</summary>
    InsufficientPower = 8,

    /// <summary>Driver not loaded.</summary>
    DriverNotLoaded = 9,

    /// <summary>Timeout.</summary>
    Timeout = 10,

    /// <summary>Irq issue.</summary>
    IrqIssue = 11,

    /// <summary>Library not found.</summary>
    LibraryNotFound = 12,

    /// <summary>Function not found.</summary>
    FunctionNotFound = 13,

    /// <summary>Corrupted inforom.</summary>
    CorruptedInforom = 14,

    /// <summary>Gpu is lost.</summary>
    GpuIsLost = 15,

    /// <summary>Reset required.</summary>
    ResetRequired = 16,

    /// <summary>Operating system.</summary>
    OperatingSystem = 17,

    /// <summary>Lib rm version mismatch.</summary>
    LibRmVersionMismatch = 18,

    /// <summary>In use.</summary>
    InUse = 19,

    /// <summary>Memory.</summary>
    Memory = 20,

    /// <summary>No data.</summary>
    NoData = 21,

    /// <summary>Vgpu ecc not supported.</summary>
    VgpuEccNotSupported = 22,

    /// <summary>Insufficient resources.</summary>
    InsufficientResources = 23,

    /// <summary>Freq not supported.</summary>
    FreqNotSupported = 24,

    /// <summary>Argument version mismatch.</summary>
    ArgumentVersionMismatch = 25,

    /// <summary>Deprecated.</summary>
    Deprecated = 26,

    /// <summary>Not ready.</summary>
    NotReady = 27,

    /// <summary>Gpu not found.</summary>
    GpuNotFound = 28,

    /// <summary>Invalid state.</summary>
    InvalidState = 29,

    /// <summary>Unknown.</summary>
    Unknown = 999,
}
