namespace Weir.Kernels.Service;

/// <summary>What a frame of the compile service's protocol is.</summary>
internal enum FrameKind : uint
{
    /// <summary>Client: compile this.</summary>
    Compile = 1,

    /// <summary>Service: work on it has begun; if the service dies now, the kernel is suspect.</summary>
    Started = 2,

    /// <summary>Service: the kernel.</summary>
    Compiled = 3,

    /// <summary>Service: the text is malformed or uses what is not supported.</summary>
    Refused = 4,

    /// <summary>Service: something else went wrong; the body is a sentence.</summary>
    Failed = 5,
}
