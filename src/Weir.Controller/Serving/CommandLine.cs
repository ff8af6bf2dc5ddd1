namespace Weir.Controller.Serving;

/// <summary>VERB --name value …; `weir` is the command line for people.</summary>
internal sealed class CommandLine
{
    private static readonly string[] Names =
    [
        "--state",
        "--listen",
        "--socket",
        "--database",
        "--address",
        "--accept-clock",
        "--from",
    ];

    private readonly Dictionary<string, string> _values = [];

    /// <summary>Throws <see cref="FormatException"/> on anything unknown.</summary>
    public CommandLine(string[] args)
    {
        Verb = args.Length > 0 ? args[0] : "";
        for (int i = 1; i < args.Length; i++)
        {
            if (!Names.Contains(args[i]))
            {
                throw new FormatException($"{args[i]} is not known: {string.Join(", ", Names)}");
            }
            if (args[i] == "--accept-clock")
            {
                _values[args[i]] = "";
            }
            else if (i + 1 < args.Length)
            {
                _values[args[i]] = args[++i];
            }
            else
            {
                throw new FormatException($"{args[i]} needs a value");
            }
        }
    }

    public string Verb { get; }

    public string? Value(string name) => _values.GetValueOrDefault(name);

    public string Required(string name) => Value(name) ?? throw new FormatException($"{name} is missing");

    public ControllerOptions Options() =>
        new(
            Required("--state"),
            Value("--listen") ?? "127.0.0.1:0",
            Required("--socket"),
            // A connection string may carry a password: not on the command line of a machine with several users.
            Value("--database") ?? Environment.GetEnvironmentVariable("WEIR_DATABASE"),
            Value("--address"),
            Value("--accept-clock") is not null
        );
}
