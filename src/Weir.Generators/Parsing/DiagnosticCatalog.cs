using Microsoft.CodeAnalysis;

namespace Weir.Generators.Parsing;

/// <summary>The generator's diagnostics. Ids are stable: never reuse one.</summary>
internal static class DiagnosticCatalog
{
    public const string Syntax = "WEIR001";
    public const string UnknownType = "WEIR002";
    public const string UnknownMode = "WEIR003";
    public const string DuplicateNumber = "WEIR004";
    public const string MissingNumber = "WEIR005";
    public const string DuplicateSymbol = "WEIR006";
    public const string DuplicateName = "WEIR007";
    public const string BadParameter = "WEIR008";
    public const string UnknownAttribute = "WEIR009";
    public const string MissingFamily = "WEIR010";
    public const string UnknownTwin = "WEIR011";
    public const string UnknownEmit = "WEIR012";
    public const string UnknownCount = "WEIR013";
    public const string NotCarried = "WEIR014";

    private static readonly Dictionary<string, DiagnosticDescriptor> All = new[]
    {
        Make(Syntax, "Line of the API description not understood"),
        Make(UnknownType, "Unknown type in the API description"),
        Make(UnknownMode, "Unknown parameter mode in the API description"),
        Make(DuplicateNumber, "Number of a call used twice"),
        Make(MissingNumber, "Travelling call without a number"),
        Make(DuplicateSymbol, "Symbol exported twice"),
        Make(DuplicateName, "Two calls with one C# name"),
        Make(BadParameter, "Parameter cannot travel in this form"),
        Make(UnknownAttribute, "Unknown attribute of a call"),
        Make(MissingFamily, "File does not say which API it describes"),
        Make(UnknownTwin, "Asynchronous twin not declared"),
        Make(UnknownEmit, "Unknown value of WeirEmit"),
        Make(UnknownCount, "Array without a known count"),
        Make(NotCarried, "Call does not say how its state is carried"),
    }.ToDictionary(d => d.Id);

    public static DiagnosticDescriptor Descriptor(string id) => All[id];

    private static DiagnosticDescriptor Make(string id, string title) =>
        new(id, title, "{0}", "Weir.Api", DiagnosticSeverity.Error, isEnabledByDefault: true);
}
