namespace Weir.Api;

/// <summary>Options of module loading and linking.</summary>
public enum CUjit_option
{
    /// <summary>Max registers.</summary>
    MaxRegisters = 0,

    /// <summary>Threads per block.</summary>
    ThreadsPerBlock = 1,

    /// <summary>Wall time.</summary>
    WallTime = 2,

    /// <summary>Info log buffer.</summary>
    InfoLogBuffer = 3,

    /// <summary>Info log buffer size bytes.</summary>
    InfoLogBufferSizeBytes = 4,

    /// <summary>Error log buffer.</summary>
    ErrorLogBuffer = 5,

    /// <summary>Error log buffer size bytes.</summary>
    ErrorLogBufferSizeBytes = 6,

    /// <summary>Optimization level.</summary>
    OptimizationLevel = 7,

    /// <summary>Target from context.</summary>
    TargetFromContext = 8,

    /// <summary>Target.</summary>
    Target = 9,

    /// <summary>Fallback strategy.</summary>
    FallbackStrategy = 10,

    /// <summary>Generate debug info.</summary>
    GenerateDebugInfo = 11,

    /// <summary>Log verbose.</summary>
    LogVerbose = 12,

    /// <summary>Generate line info.</summary>
    GenerateLineInfo = 13,

    /// <summary>Cache mode.</summary>
    CacheMode = 14,

    /// <summary>New sm3x opt.</summary>
    NewSm3xOpt = 15,

    /// <summary>Fast compile.</summary>
    FastCompile = 16,

    /// <summary>Global symbol names.</summary>
    GlobalSymbolNames = 17,

    /// <summary>Global symbol addresses.</summary>
    GlobalSymbolAddresses = 18,

    /// <summary>Global symbol count.</summary>
    GlobalSymbolCount = 19,

    /// <summary>Lto.</summary>
    Lto = 20,

    /// <summary>Ftz.</summary>
    Ftz = 21,

    /// <summary>Prec div.</summary>
    PrecDiv = 22,

    /// <summary>Prec sqrt.</summary>
    PrecSqrt = 23,

    /// <summary>Fma.</summary>
    Fma = 24,

    /// <summary>Referenced kernel names.</summary>
    ReferencedKernelNames = 25,

    /// <summary>Referenced kernel count.</summary>
    ReferencedKernelCount = 26,

    /// <summary>Referenced variable names.</summary>
    ReferencedVariableNames = 27,

    /// <summary>Referenced variable count.</summary>
    ReferencedVariableCount = 28,

    /// <summary>Optimize unused device variables.</summary>
    OptimizeUnusedDeviceVariables = 29,

    /// <summary>Position independent code.</summary>
    PositionIndependentCode = 30,

    /// <summary>Min cta per sm.</summary>
    MinCtaPerSm = 31,

    /// <summary>Max threads per block.</summary>
    MaxThreadsPerBlock = 32,

    /// <summary>Override directive values.</summary>
    OverrideDirectiveValues = 33,
}
