namespace Weir.Api;

/// <summary>Format that a texture view reinterprets as; 0 = as stored.</summary>
public enum CUresourceViewFormat
{
    /// <summary>None.</summary>
    None = 0,
}
