namespace Weir.Api;

/// <summary>What a texture object reads.</summary>
public enum CUresourcetype
{
    /// <summary>Array.</summary>
    Array = 0,

    /// <summary>Mipmapped array.</summary>
    MipmappedArray = 1,

    /// <summary>Linear.</summary>
    Linear = 2,

    /// <summary>Pitch2 d.</summary>
    Pitch2D = 3,
}
