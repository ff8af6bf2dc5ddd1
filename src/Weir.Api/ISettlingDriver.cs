namespace Weir.Api;

/// <summary>
/// A driver that leaves short work to the thread that makes its calls, because that thread mostly waits for it next. In return the caller
/// says when it has no call to make.
/// </summary>
public interface ISettlingDriver
{
    /// <summary>True while something that was enqueued is not done, whoever does it. Cheap; any thread.</summary>
    bool HasWork { get; }

    /// <summary>No call comes for a moment: other threads shall do the work that was left. Cheap when there is none; any thread.</summary>
    void Settle();
}
