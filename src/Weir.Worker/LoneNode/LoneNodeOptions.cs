using System.Globalization;
using Weir.Posix;

namespace Weir.Worker.LoneNode;

/// <summary>Command line of the role.</summary>
internal sealed record LoneNodeOptions
{
    /// <summary>Address to listen on; port 0 = any.</summary>
    public string Listen { get; private set; } = "127.0.0.1:0";

    /// <summary>File that gets the lease ticket.</summary>
    public string Ticket { get; private set; } = "";

    /// <summary>Ticket of another such node, whose lease this one takes part in; null for one of its own.</summary>
    public string? With { get; private set; }

    /// <summary>How long a cut connection may be resumed.</summary>
    public int GraceSeconds { get; private set; } = 30;

    /// <summary>Devices that the ticket names.</summary>
    public int Devices { get; private set; } = 1;

    /// <summary>What workers get too.</summary>
    public IReadOnlyList<string> ForWorkers { get; private set; } = [];

    /// <exception cref="FormatException">Says what was not understood.</exception>
    public static LoneNodeOptions Parse(IReadOnlyList<string> words)
    {
        var options = new LoneNodeOptions();
        List<string> forWorkers = [];
        for (int at = 0; at < words.Count; at += 2)
        {
            string name = words[at];
            string value = at + 1 < words.Count ? words[at + 1] : throw new FormatException($"{name} needs a value");
            switch (name)
            {
                case "--listen":
                    options.Listen = value;
                    break;
                case "--ticket":
                    options.Ticket = NativeText.ToDisplay(value);
                    break;
                case "--with":
                    options.With = NativeText.ToDisplay(value);
                    break;
                case "--grace":
                    options.GraceSeconds = int.Parse(value, CultureInfo.InvariantCulture);
                    break;
                case "--device" or "--memory" or "--mem" or "--threads" or "--report" or "--uuid":
                    forWorkers.AddRange([name, value]);
                    break;
                default:
                    throw new FormatException($"unknown option {NativeText.ToDisplay(name)}");
            }
        }
        options.ForWorkers = forWorkers;
        return options.Ticket.Length > 0 ? options : throw new FormatException("--ticket is needed");
    }
}
