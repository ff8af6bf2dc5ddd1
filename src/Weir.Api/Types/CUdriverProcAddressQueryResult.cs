namespace Weir.Api;

/// <summary>Why <c>cuGetProcAddress_v2</c> found nothing.</summary>
public enum CUdriverProcAddressQueryResult
{
    /// <summary>Success.</summary>
    Success = 0,

    /// <summary>Symbol not found.</summary>
    SymbolNotFound = 1,

    /// <summary>Version not sufficient.</summary>
    VersionNotSufficient = 2,
}
