using Weir.Scheduling.Cluster;

namespace Weir.Scheduling.Placement;

/// <summary>Puts tasks on nodes, one after another.</summary>
public interface ITaskPlacer
{
    /// <summary>Node scores computed so far: the cost of the decisions.</summary>
    long Evaluations { get; }

    /// <summary>Tasks moved so far to make room for others.</summary>
    int Moves { get; }

    /// <summary>A number for the shape; cheaper than finding it again each time.</summary>
    int Intern(in TaskShape shape);

    /// <summary>Puts the task where the policy wants it; the placement's slot, or -1 when it fits nowhere.</summary>
    int TryPlace(int shapeId);
}
