namespace Weir.Dashboard.Pool;

/// <summary>What the controller refused, or why it cannot be asked, for people.</summary>
internal sealed class PoolProblem(string message) : Exception(message);
