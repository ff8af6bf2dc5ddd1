namespace Weir.Cli.Doctor;

/// <summary>How a check came out.</summary>
internal enum CheckStatus
{
    /// <summary>As it should be.</summary>
    Ok,

    /// <summary>Worth knowing; nothing is broken.</summary>
    Note,

    /// <summary>Something that a run needs is missing or broken.</summary>
    Failed,
}

/// <summary>One thing that was looked at.</summary>
/// <param name="Name">What.</param>
/// <param name="Status">How it came out.</param>
/// <param name="Detail">What was found, and what to do when it is not as it should be.</param>
internal sealed record Check(string Name, CheckStatus Status, string Detail)
{
    public static Check Ok(string name, string detail) => new(name, CheckStatus.Ok, detail);

    public static Check Note(string name, string detail) => new(name, CheckStatus.Note, detail);

    public static Check Failed(string name, string detail) => new(name, CheckStatus.Failed, detail);
}
