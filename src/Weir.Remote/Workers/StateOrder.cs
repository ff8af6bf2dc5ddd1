namespace Weir.Remote.Workers;

/// <summary>What a worker is told with a message that concerns the state of its session.</summary>
/// <param name="Folder">Absolute path of the image's folder; null where none is needed.</param>
/// <param name="ResumesByItself">
/// With <see cref="WorkerMessage.Park"/>: the next call takes the device back without asking. Otherwise the worker says
/// <see cref="WorkerMessage.Wants"/> and waits.
/// </param>
/// <param name="Loss">
/// With <see cref="WorkerMessage.Restore"/>, what becomes of the calls that the last worker had taken since the image was written: null when
/// there can be none, "fail" to end the session's contexts with an error if there are any, "replay" to do them again where there is a log of them and to end
/// the contexts where that cannot be.
/// </param>
/// <param name="InMemory">
/// With <see cref="WorkerMessage.Park"/>: memory goes to the host's memory where that can be done, which is quicker and does not outlive the worker; into
/// the folder's image otherwise.
/// </param>
/// <param name="LeavesNode">With <see cref="WorkerMessage.Copy"/> and <see cref="WorkerMessage.HandOver"/>: it goes to another node.</param>
internal sealed record StateOrder(
    string? Folder = null,
    bool ResumesByItself = false,
    string? Loss = null,
    bool InMemory = false,
    bool LeavesNode = false
)
{
    /// <summary>A <see cref="Loss"/>: calls are done again.</summary>
    public const string Replay = "replay";

    /// <summary>A <see cref="Loss"/>: the session's contexts end.</summary>
    public const string Fail = "fail";
}
