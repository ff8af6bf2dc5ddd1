using Weir.Protocol.Rest;

namespace Weir.Controller.Placement;

/// <summary>What a placement decided.</summary>
internal abstract record Decision
{
    private Decision() { }

    /// <summary>These slices, in the order of the program's device numbers.</summary>
    public sealed record Placed(IReadOnlyList<SliceView> Slices) : Decision;

    /// <summary>Not now; it could be placed when others leave.</summary>
    public sealed record NoRoom(string Why) : Decision;

    /// <summary>Never with the devices that are known.</summary>
    public sealed record Impossible(string Why) : Decision;
}

/// <summary>
/// The seam to scheduling: a pure function of what is free and what is asked. Same input, same answer; no clock, no state.
/// </summary>
internal delegate Decision PlacementPolicy(IReadOnlyList<DeviceRoom> devices, Demand demand);
