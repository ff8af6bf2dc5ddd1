namespace Weir.Controller;

/// <summary>A request that cannot be served: what is wrong and what to do about it.</summary>
/// <param name="status">HTTP status.</param>
/// <param name="code">For programs, e.g. "no-room".</param>
/// <param name="message">For people.</param>
internal sealed class ControlException(int status, string code, string message) : Exception(message)
{
    public int Status => status;

    public string Code => code;

    public static ControlException Invalid(string message) => new(400, "invalid", message);

    public static ControlException Forbidden(string message) => new(403, "forbidden", message);

    public static ControlException Unknown(string code, string message) => new(404, code, message);
}
