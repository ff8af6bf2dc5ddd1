namespace Weir.Agent.Sessions;

/// <summary>Where a session's state is.</summary>
internal enum SessionCondition
{
    /// <summary>On its device.</summary>
    Attached,

    /// <summary>In an image; its program goes on.</summary>
    Parked,

    /// <summary>Parked, and its program waits in a call.</summary>
    Waiting,

    /// <summary>In an image, and its worker has died: somebody may restore it.</summary>
    Lost,
}
