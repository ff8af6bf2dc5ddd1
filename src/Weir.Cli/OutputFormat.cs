using System.CommandLine;

namespace Weir.Cli;

/// <summary>The option --output of commands that have something to tell.</summary>
internal static class OutputFormat
{
    /// <summary>A new option; "text" or "json".</summary>
    public static Option<string> Option()
    {
        var option = new Option<string>("--output")
        {
            Description = "text, for people; json, for programs.",
            DefaultValueFactory = _ => "text",
        };
        option.AcceptOnlyFromAmong("text", "json");
        return option;
    }
}
