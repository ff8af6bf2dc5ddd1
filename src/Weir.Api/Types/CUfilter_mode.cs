namespace Weir.Api;

/// <summary>How samples are taken.</summary>
public enum CUfilter_mode
{
    /// <summary>Point.</summary>
    Point = 0,

    /// <summary>Linear.</summary>
    Linear = 1,
}
