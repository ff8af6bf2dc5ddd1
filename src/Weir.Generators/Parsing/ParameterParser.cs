using System.Text;
using Weir.Generators.Model;

namespace Weir.Generators.Parsing;

/// <summary>Parses <c>[mode] C_TYPE name</c>.</summary>
internal static class ParameterParser
{
    public static ApiParameter? Parse(string text, out string error, out string id)
    {
        error = "";
        id = DiagnosticCatalog.Syntax;
        List<string> tokens = Tokens(text);
        if (tokens.Count < 2)
        {
            error = $"parameter '{text}' is not '[mode] type name'";
            return null;
        }
        ParameterMode mode = ParameterMode.Value;
        bool optional = false;
        string count = "";
        int start = 0;
        string head = tokens[0];
        int bracket = head.IndexOf('[');
        if (bracket > 0 && head.EndsWith("]", StringComparison.Ordinal))
        {
            count = head.Substring(bracket + 1, head.Length - bracket - 2);
            head = head.Substring(0, bracket);
        }
        if (head.EndsWith("?", StringComparison.Ordinal))
        {
            optional = true;
            head = head.Substring(0, head.Length - 1);
        }
        ParameterMode? found = head switch
        {
            "in" => count.Length > 0 ? ParameterMode.InArray : ParameterMode.In,
            "out" => count.Length > 0 ? ParameterMode.OutArray : ParameterMode.Out,
            "inout" => ParameterMode.InOut,
            "cstr" => ParameterMode.CString,
            "new" => ParameterMode.New,
            "del" => ParameterMode.Delete,
            "addr" => ParameterMode.Address,
            "opt" => ParameterMode.OptionalHandle,
            _ => null,
        };
        if (found is { } known)
        {
            mode = known;
            start = 1;
        }
        else if (optional || count.Length > 0)
        {
            id = DiagnosticCatalog.UnknownMode;
            error = $"unknown mode '{tokens[0]}'";
            return null;
        }
        if (count.Length > 0 && mode is not (ParameterMode.InArray or ParameterMode.OutArray))
        {
            id = DiagnosticCatalog.UnknownMode;
            error = $"mode '{tokens[0]}' takes no count";
            return null;
        }
        StringBuilder type = new();
        int depth = 0;
        for (int i = start; i < tokens.Count - 1; i++)
        {
            switch (tokens[i])
            {
                case "*":
                    depth++;
                    break;
                case "const" or "struct":
                    break;
                default:
                    type.Append(type.Length > 0 ? " " : "").Append(tokens[i]);
                    break;
            }
        }
        string name = tokens[tokens.Count - 1];
        if (type.Length == 0 || name == "*" || !(char.IsLetter(name[0]) || name[0] == '_'))
        {
            error = $"parameter '{text}' is not '[mode] type name'";
            return null;
        }
        return new ApiParameter(mode, optional, type.ToString(), depth, name, count);
    }

    private static List<string> Tokens(string text)
    {
        List<string> tokens = [];
        StringBuilder word = new();
        foreach (char c in text)
        {
            if (c is '_' or '[' or ']' or '?' or (>= 'a' and <= 'z') or (>= 'A' and <= 'Z') or (>= '0' and <= '9'))
            {
                word.Append(c);
                continue;
            }
            if (word.Length > 0)
            {
                tokens.Add(word.ToString());
                word.Clear();
            }
            if (!char.IsWhiteSpace(c))
            {
                tokens.Add(c.ToString());
            }
        }
        if (word.Length > 0)
        {
            tokens.Add(word.ToString());
        }
        return tokens;
    }
}
