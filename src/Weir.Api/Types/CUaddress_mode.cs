namespace Weir.Api;

/// <summary>What a coordinate outside means.</summary>
public enum CUaddress_mode
{
    /// <summary>Wrap.</summary>
    Wrap = 0,

    /// <summary>Clamp.</summary>
    Clamp = 1,

    /// <summary>Mirror.</summary>
    Mirror = 2,

    /// <summary>Border.</summary>
    Border = 3,
}
