using Weir.Generators.Model;

namespace Weir.Generators.Parsing;

/// <summary>Joins the files of the description and checks what only the whole can tell.</summary>
internal static class ApiSetBuilder
{
    public static ApiResult Build(IEnumerable<ParsedFile> files)
    {
        List<ParsedFile> ordered = [.. files.OrderBy(f => f.Path, StringComparer.Ordinal)];
        List<ApiDiagnostic> diagnostics = [.. ordered.SelectMany(f => f.Diagnostics)];
        Dictionary<string, ApiType> types = [];
        foreach (ParsedFile file in ordered)
        {
            foreach (ParsedType type in file.Types)
            {
                if (types.ContainsKey(type.Type.CName))
                {
                    diagnostics.Add(
                        new(
                            DiagnosticCatalog.DuplicateName,
                            file.Path,
                            type.Line,
                            $"type {type.Type.CName} is declared twice"
                        )
                    );
                    continue;
                }
                types.Add(type.Type.CName, type.Type);
            }
        }
        HashSet<string> exports = [];
        Dictionary<(string Api, string Name), ApiCall> names = [];
        Dictionary<int, string> numbers = [];
        List<ApiCall> calls = [];
        HashSet<string> known = [.. ordered.SelectMany(f => f.Calls).Select(c => c.Call.Name)];
        foreach (ParsedFile file in ordered)
        {
            foreach (ParsedCall parsed in file.Calls)
            {
                int before = diagnostics.Count;
                ApiCall call = parsed.Call;
                void Report(string id, string text) =>
                    diagnostics.Add(new ApiDiagnostic(id, file.Path, parsed.Line, $"{call.Symbol}: {text}"));

                CheckNumber(call, numbers, Report);
                foreach (ExportName export in call.Exports)
                {
                    if (!exports.Add(export.Symbol))
                    {
                        Report(DiagnosticCatalog.DuplicateSymbol, $"symbol {export.Symbol} is declared twice");
                    }
                }
                if (call.Form != CallForm.Refuse)
                {
                    if (names.ContainsKey((call.Api, call.Name)))
                    {
                        Report(DiagnosticCatalog.DuplicateName, $"the name {call.Name} is taken; add name=…");
                    }
                    else
                    {
                        names.Add((call.Api, call.Name), call);
                    }
                }
                if (call.PerThread == PerThreadForm.Twin && !known.Contains(call.Twin))
                {
                    Report(DiagnosticCatalog.UnknownTwin, $"the asynchronous twin {call.Twin} is not declared");
                }
                if (
                    call.PerThread == PerThreadForm.Stream
                    && !call.Parameters.Any(p => p.TypeName == "CUstream" && p.Depth == 0)
                )
                {
                    Report(DiagnosticCatalog.BadParameter, "ptsz without a stream parameter");
                }
                ParameterCheck.Check(call, types, Report);
                if (diagnostics.Count == before)
                {
                    CarriageCheck.Check(call, Report);
                }
                if (diagnostics.Count == before)
                {
                    calls.Add(call);
                }
            }
        }
        List<ApiFamily> families = [];
        foreach (ApiFamily family in ordered.Select(f => f.Family).OfType<ApiFamily>())
        {
            if (!families.Contains(family))
            {
                families.Add(family);
            }
        }
        return new ApiResult(
            new ApiSet(
                new EquatableArray<ApiFamily>([.. families]),
                new EquatableArray<ApiType>([.. types.Values]),
                new EquatableArray<ApiCall>([.. calls])
            ),
            new EquatableArray<ApiDiagnostic>([.. diagnostics])
        );
    }

    private static void CheckNumber(ApiCall call, Dictionary<int, string> numbers, Action<string, string> report)
    {
        if (!call.Travels)
        {
            if (call.Number != 0)
            {
                report(DiagnosticCatalog.Syntax, "does not travel, so it has no number");
            }
            return;
        }
        if (call.Number == 0)
        {
            report(DiagnosticCatalog.MissingNumber, "travels, so it needs a number");
        }
        else if (numbers.TryGetValue(call.Number, out string? other))
        {
            report(DiagnosticCatalog.DuplicateNumber, $"number {call.Number} belongs to {other}");
        }
        else
        {
            numbers.Add(call.Number, call.Symbol);
        }
    }
}
