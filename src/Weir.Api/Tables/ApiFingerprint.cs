namespace Weir.Api;

/// <summary>What both ends of a wire compare.</summary>
public static class ApiFingerprint
{
    /// <summary><see cref="CallTable.Fingerprint"/>.</summary>
    public const ulong Value = CallTable.Fingerprint;
}
