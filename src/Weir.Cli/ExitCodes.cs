namespace Weir.Cli;

/// <summary>Exit codes of `weir` itself; those of a program that it runs are the program's own.</summary>
internal static class ExitCodes
{
    /// <summary>All is well.</summary>
    public const int Success = 0;

    /// <summary>The command did its work and found something wrong.</summary>
    public const int Failure = 1;

    /// <summary>The command line was not understood.</summary>
    public const int Usage = 2;

    /// <summary>Weir itself could not start (nothing was run).</summary>
    public const int CannotStart = 125;

    /// <summary>The program was found and cannot be executed; as in a shell.</summary>
    public const int NotExecutable = 126;

    /// <summary>The program was not found; as in a shell.</summary>
    public const int NotFound = 127;
}
