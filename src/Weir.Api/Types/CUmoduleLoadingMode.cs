namespace Weir.Api;

/// <summary>When functions of a module are loaded.</summary>
public enum CUmoduleLoadingMode
{
    /// <summary>Eager.</summary>
    Eager = 1,

    /// <summary>Lazy.</summary>
    Lazy = 2,
}
