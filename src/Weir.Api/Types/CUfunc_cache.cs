namespace Weir.Api;

/// <summary>Preference between L1 cache and shared memory.</summary>
public enum CUfunc_cache
{
    /// <summary>Prefer none.</summary>
    PreferNone = 0,

    /// <summary>Prefer shared.</summary>
    PreferShared = 1,

    /// <summary>Prefer L1.</summary>
    PreferL1 = 2,

    /// <summary>Prefer equal.</summary>
    PreferEqual = 3,
}
