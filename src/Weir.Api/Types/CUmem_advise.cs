namespace Weir.Api;

/// <summary>Advice on managed memory.</summary>
public enum CUmem_advise
{
    /// <summary>Set read mostly.</summary>
    SetReadMostly = 1,

    /// <summary>Unset read mostly.</summary>
    UnsetReadMostly = 2,

    /// <summary>Set preferred location.</summary>
    SetPreferredLocation = 3,

    /// <summary>Unset preferred location.</summary>
    UnsetPreferredLocation = 4,

    /// <summary>Set accessed by.</summary>
    SetAccessedBy = 5,

    /// <summary>Unset accessed by.</summary>
    UnsetAccessedBy = 6,
}
