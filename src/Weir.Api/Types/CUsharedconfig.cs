namespace Weir.Api;

/// <summary>Bank size of shared memory.</summary>
public enum CUsharedconfig
{
    /// <summary>Default bank size.</summary>
    DefaultBankSize = 0,

    /// <summary>Four byte bank size.</summary>
    FourByteBankSize = 1,

    /// <summary>Eight byte bank size.</summary>
    EightByteBankSize = 2,
}
