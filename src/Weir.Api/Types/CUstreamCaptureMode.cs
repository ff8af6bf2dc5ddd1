namespace Weir.Api;

/// <summary>Reach of stream capture.</summary>
public enum CUstreamCaptureMode
{
    /// <summary>Global.</summary>
    Global = 0,

    /// <summary>Thread local.</summary>
    ThreadLocal = 1,

    /// <summary>Relaxed.</summary>
    Relaxed = 2,
}
