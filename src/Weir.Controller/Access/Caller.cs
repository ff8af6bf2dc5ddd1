using Weir.Controller.Placement;
using Weir.Controller.State;
using Weir.Protocol.Rest;

namespace Weir.Controller.Access;

/// <summary>Who asks: a user by token, or by the credentials of the local socket's peer.</summary>
/// <param name="User">The user's name.</param>
/// <param name="Operator">May do everything.</param>
internal sealed record Caller(string User, bool Operator)
{
    /// <summary>The controller itself, in the audit log.</summary>
    public static Caller Controller { get; } = new("controller", true);

    /// <summary>A member of the project, or of one above it, may claim on its account.</summary>
    public bool MemberOf(ClusterState state, ProjectView project) =>
        Operator
        || ProjectForest
            .Upwards(state, project.Name)
            .Any(at => at.Members.Contains("*") || at.Members.Contains(User) || at.Admins.Contains(User));

    /// <summary>The owner, an admin of the project or of one above it, or an operator may see, cancel and take over.</summary>
    public bool MayTouch(ClusterState state, string owner, string project) =>
        Operator || owner == User || ProjectForest.Upwards(state, project).Any(at => at.Admins.Contains(User));

    /// <summary>Throws unless the caller is an operator.</summary>
    public void MustOperate(string what)
    {
        if (!Operator)
        {
            throw ControlException.Forbidden($"{what} is for operators, and {User} is none: ask one of them");
        }
    }
}
