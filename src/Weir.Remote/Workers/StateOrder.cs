namespace Weir.Remote.Workers;

/// <summary>What a worker is told with a message that concerns the state of its session.</summary>
/// <param name="Folder">Absolute path of the image's folder; null where none is needed.</param>
/// <param name="ResumesByItself">
/// With <see cref="WorkerMessage.Park"/>: the next call takes the device back without asking. Otherwise the worker says
/// <see cref="WorkerMessage.Wants"/> and waits.
/// </param>
/// <param name="Loss">
/// With <see cref="WorkerMessage.Restore"/>, what becomes of the calls that the last worker had taken since the image was written: null when
/// there can be none, "fail" to end the session's contexts with an error if there are any.
/// </param>
internal sealed record StateOrder(string? Folder = null, bool ResumesByItself = false, string? Loss = null);
