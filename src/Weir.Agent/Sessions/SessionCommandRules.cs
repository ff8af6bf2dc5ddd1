using Weir.Protocol.Agents;

namespace Weir.Agent.Sessions;

/// <summary>What may be asked of a session, and when.</summary>
internal static class SessionCommandRules
{
    /// <summary>Why it cannot be done now; null: it can.</summary>
    public static string? Refusal(ClientSession? session, SessionCommand command)
    {
        if (session is null)
        {
            return $"there is no session {command.Session} on this node";
        }
        if (session.EndReason is not null)
        {
            return "it is ending";
        }
        if (session.Errand is { } errand)
        {
            return $"something else is under way with it ({errand.Action})";
        }
        if (
            command.Action == SessionAction.SessionSnapshot
                ? !IsName(command.Image)
                : command.Image.Length > 0 && !IsName(command.Image)
        )
        {
            return $"an image's name has letters, digits, '-', '_' and '.', at most 100, a letter or digit first; \"{command.Image}\" is none";
        }
        bool isLost = session.Condition == SessionCondition.Lost;
        if (!session.IsOpen)
        {
            return "its program has not begun yet; try again";
        }
        if (command.Action == SessionAction.SessionRestore)
        {
            return isLost ? null : "it is not lost: a worker serves it";
        }
        return isLost ? "its worker was lost: `weir restore` it first"
            : command is { Action: SessionAction.SessionMigrate, Target: null } && session.Record.IsRemote
                ? "its program is on another node: name the node that it shall go to"
            : command.Action == SessionAction.SessionMigrate && !session.Record.IsRemote && !session.IsPortable
                ? "the node's agent was started again since it began: it can be parked, but not given to another worker"
            : command.Action == SessionAction.SessionSnapshot && session.Condition != SessionCondition.Attached
                ? "it is parked, so its state is in an image already: resume it first"
            : command.Action is SessionAction.Unknown or > SessionAction.SessionMigrate
                ? "this node's agent does not know how"
            : null;
    }

    /// <summary>Its worker has yet to send what it shares with the client.</summary>
    public static bool IsEarly(ClientSession session) =>
        session is { IsOpen: true, Segment: < 0, EndReason: null, Record.IsRemote: false }
        && session.Condition != SessionCondition.Lost;

    private static bool IsName(string name) =>
        name.Length is > 0 and <= 100
        && char.IsAsciiLetterOrDigit(name[0])
        && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');
}
