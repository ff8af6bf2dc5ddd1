using System.Text.RegularExpressions;

namespace Weir.Controller.Nodes;

/// <summary>Names of nodes, pools, projects and templates.</summary>
internal static partial class NodeName
{
    public const string Rule = "lower-case letters, digits, '.' and '-', at most 63, a letter or digit first";

    public static bool IsValid(string name) => Pattern().IsMatch(name);

    [GeneratedRegex("^[a-z0-9][a-z0-9.-]{0,62}$")]
    private static partial Regex Pattern();
}
