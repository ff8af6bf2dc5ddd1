namespace Weir.Scheduling.Fairness;

/// <summary>A project's part of the pool, as people write it.</summary>
/// <param name="Name">Unique.</param>
/// <param name="Parent">The project above; empty for one at the top.</param>
public sealed record ProjectConfig(string Name, string Parent = "")
{
    /// <summary>What is its own: others may use it while it does not, and give it back when it asks.</summary>
    public Resources Quota { get; init; }

    /// <summary>What it never exceeds, borrowing included.</summary>
    public Resources Limit { get; init; } = Resources.All;

    /// <summary>Its part of what nobody's quota claims, relative to its siblings'; 0: it never borrows.</summary>
    public double Weight { get; init; } = 1;

    /// <summary>
    /// True: also claims that may not be parked use what is free beyond its quota. For projects to which no quota was given.
    /// </summary>
    public bool BorrowsFreely { get; init; }

    /// <summary>Among siblings beyond their quota, larger is served first.</summary>
    public int Priority { get; init; }
}
