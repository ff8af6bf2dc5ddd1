using System.Text;
using System.Text.RegularExpressions;

namespace Weir.Repository.Tests;

/// <summary>
/// docs/api-support.md as the API's description (src/Weir.Api) has it: each call with how it is answered, and what is missing
/// where a line "## Partial: …" before it says so.
/// </summary>
internal static partial class ApiSupportPage
{
    private const string PartialMark = "## Partial: ";

    private static readonly Dictionary<string, string> s_forms = new()
    {
        ["local"] = "in the client",
        ["custom"] = "client and device",
        ["post"] = "device, without waiting",
        ["call"] = "device",
    };

    /// <summary>The whole page.</summary>
    public static string Build()
    {
        StringBuilder page = new();
        page.Append(
            """
            # Calls and what becomes of them

            Generated from `src/Weir.Api/Cuda`, `src/Weir.Api/Nvml` and `src/Weir.Api/OpenCl`; a test holds it to them (`WEIR_REWRITE=1` writes it anew).
            "In the client" needs no round trip; "refused" means that the call is found, answers *not supported* and is counted for
            `weir doctor`. Names that differ only in version or in the default stream (`_v2`, `_ptsz`) behave as their call.

            """
        );
        Append(page, "CUDA driver API", "src/Weir.Api/Cuda");
        Append(page, "NVML", "src/Weir.Api/Nvml");
        Append(page, "OpenCL", "src/Weir.Api/OpenCl");
        return page.ToString();
    }

    private static void Append(StringBuilder page, string title, string folder)
    {
        List<Call> calls = [.. Calls(folder).OrderBy(call => call.Name, StringComparer.Ordinal)];
        List<Call> answered = [.. calls.Where(call => call.Form is not null)];
        List<string> refused = [.. calls.Where(call => call.Form is null).Select(call => call.Name)];
        int partial = answered.Count(call => call.Missing is not null);
        page.Append(
            $"\n## {title}\n\n{answered.Count - partial} in full, {partial} in part, {refused.Count} refused.\n\n"
        );
        page.Append("| call | answered | limits |\n| --- | --- | --- |\n");
        foreach (Call call in answered)
        {
            page.Append($"| {call.Name} | {s_forms[call.Form!]} | {call.Missing} |\n");
        }
        if (refused.Count > 0)
        {
            page.Append($"\nRefused: {string.Join(", ", refused)}.\n");
        }
    }

    private static IEnumerable<Call> Calls(string folder)
    {
        foreach (string file in Checkout.Files.Where(path => path.StartsWith(folder) && path.EndsWith(".api")))
        {
            string? missing = null;
            foreach (string statement in Statements(file))
            {
                if (statement.StartsWith(PartialMark))
                {
                    missing = statement[PartialMark.Length..];
                }
                else if (RefusedFunction().Match(statement) is { Success: true } function)
                {
                    yield return new Call(function.Groups[1].Value, null, null);
                }
                else if (statement.StartsWith("refuse "))
                {
                    foreach (string name in statement.Split(' ').Skip(1))
                    {
                        yield return new Call(name.Split('@', '=')[0], null, null);
                    }
                }
                else if (Answered().Match(statement) is { Success: true } call)
                {
                    yield return new Call(call.Groups[2].Value, call.Groups[1].Value, missing);
                    missing = null;
                }
            }
        }
    }

    // Lines that begin with white space continue the one before.
    private static IEnumerable<string> Statements(string file)
    {
        string statement = "";
        foreach (string line in Checkout.Lines(file))
        {
            if (line.StartsWith(' '))
            {
                statement += " " + line.Trim();
                continue;
            }
            yield return statement;
            statement = line;
        }
        yield return statement;
    }

    [GeneratedRegex(@"^(?:\d+ )?(local|custom|post|call) (\w+)\(")]
    private static partial Regex Answered();

    [GeneratedRegex(@"^refuse (\w+)\(")]
    private static partial Regex RefusedFunction();

    private sealed record Call(string Name, string? Form, string? Missing);
}
