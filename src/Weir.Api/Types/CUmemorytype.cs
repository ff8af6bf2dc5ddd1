namespace Weir.Api;

/// <summary>Kind of memory in copy descriptors.</summary>
public enum CUmemorytype
{
    /// <summary>Host.</summary>
    Host = 1,

    /// <summary>Device.</summary>
    Device = 2,

    /// <summary>Array.</summary>
    Array = 3,

    /// <summary>Unified.</summary>
    Unified = 4,
}
