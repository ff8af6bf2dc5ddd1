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

    /// <summary>Among siblings beyond their quota, larger is served first.</summary>
    public int Priority { get; init; }
}
