namespace Weir.Api;

/// <summary>Whether a stream is capturing.</summary>
public enum CUstreamCaptureStatus
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>Active.</summary>
    Active = 1,

    /// <summary>Invalidated.</summary>
    Invalidated = 2,
}
