namespace Weir.Api;

/// <summary>Largest records and answers. Both sides check against them.</summary>
public static class RecordLimits
{
    /// <summary>Bytes of fields in one record.</summary>
    public const int MaxPayloadBytes = 48 * 1024;

    /// <summary>Bytes of fields in one answer.</summary>
    public const int MaxReplyBytes = 32 * 1024;
}
