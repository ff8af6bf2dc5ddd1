namespace Weir.Cli.Pool;

/// <summary>Something of the pool went wrong; the message says what to do.</summary>
/// <param name="message">For people.</param>
/// <param name="code">For programs: the controller's code, or "".</param>
internal sealed class PoolException(string message, string code = "") : Exception(message)
{
    public string Code => code;
}
