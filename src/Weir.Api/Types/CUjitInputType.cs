namespace Weir.Api;

/// <summary>Kinds of linker input.</summary>
public enum CUjitInputType
{
    /// <summary>Cubin.</summary>
    Cubin = 0,

    /// <summary>Ptx.</summary>
    Ptx = 1,

    /// <summary>Fatbinary.</summary>
    Fatbinary = 2,

    /// <summary>Object.</summary>
    Object = 3,

    /// <summary>Library.</summary>
    Library = 4,

    /// <summary>Nvvm.</summary>
    Nvvm = 5,
}
