namespace Weir.Protocol;

/// <summary>
/// Version of what agents and controllers say to each other. A higher minor only adds; another major is refused.
/// </summary>
public static class ProtocolVersion
{
    /// <summary>Counted up by a change that an older side would misread.</summary>
    public const uint Major = 1;

    /// <summary>Counted up by an addition.</summary>
    public const uint Minor = 0;

    /// <summary>The path at which the other side's major can be spoken to.</summary>
    public static bool Accepts(uint major) => major == Major;
}
