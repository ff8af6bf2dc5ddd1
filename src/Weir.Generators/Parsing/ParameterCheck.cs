using Weir.Generators.Model;

namespace Weir.Generators.Parsing;

/// <summary>Checks that each parameter of a call has a type and a form that can travel.</summary>
internal static class ParameterCheck
{
    public static void Check(ApiCall call, Dictionary<string, ApiType> types, Action<string, string> report)
    {
        HashSet<string> names = [];
        foreach (ApiParameter p in call.Parameters)
        {
            if (!names.Add(p.Name))
            {
                report(DiagnosticCatalog.BadParameter, $"parameter {p.Name} occurs twice");
            }
            bool isVoid = p.TypeName == "void";
            if (!isVoid && !types.ContainsKey(p.TypeName))
            {
                report(DiagnosticCatalog.UnknownType, $"type '{p.TypeName}' of {p.Name} is not declared");
                continue;
            }
            if (isVoid && p.Depth == 0)
            {
                report(DiagnosticCatalog.BadParameter, $"{p.Name} is void");
                continue;
            }
            if (call.Travels && Problem(call, p, isVoid ? null : types[p.TypeName]) is { } problem)
            {
                report(problem.Id, problem.Text);
            }
        }
    }

    private static (string Id, string Text)? Problem(ApiCall call, ApiParameter p, ApiType? type)
    {
        bool isHandle = type?.Category == TypeCategory.Handle;
        switch (p.Mode)
        {
            case ParameterMode.Value:
                if (p.Depth > 0 || type!.Category == TypeCategory.Opaque)
                {
                    return (DiagnosticCatalog.BadParameter, $"{p.Name} is an address: say in, out, cstr, addr …");
                }
                return null;
            case ParameterMode.OptionalHandle:
                return p.Depth == 0 && isHandle
                    ? null
                    : (DiagnosticCatalog.BadParameter, $"{p.Name}: opt needs a handle");
            case ParameterMode.Address:
                return p.Depth > 0 || type!.Category == TypeCategory.Opaque
                    ? null
                    : (DiagnosticCatalog.BadParameter, $"{p.Name}: addr needs a pointer");
            case ParameterMode.New:
                return p.Depth == 1 && isHandle
                    ? null
                    : (DiagnosticCatalog.BadParameter, $"{p.Name}: new needs a pointer to a handle");
            case ParameterMode.Delete:
                return p.Depth == 0 && isHandle
                    ? null
                    : (DiagnosticCatalog.BadParameter, $"{p.Name}: del needs a handle");
            case ParameterMode.CString:
                return p.Depth == 1 && type?.CSharpName == "byte"
                    ? null
                    : (DiagnosticCatalog.BadParameter, $"{p.Name}: cstr needs a char pointer");
        }
        if (p.Depth != 1 || isHandle || type?.Category == TypeCategory.Opaque)
        {
            return (DiagnosticCatalog.BadParameter, $"{p.Name}: this mode needs one pointer to a plain type");
        }
        if (!call.Waits && p.Mode is (ParameterMode.Out or ParameterMode.OutArray or ParameterMode.InOut))
        {
            return (DiagnosticCatalog.BadParameter, $"{p.Name}: a posted call returns nothing");
        }
        if (p.Mode is ParameterMode.InArray or ParameterMode.OutArray)
        {
            bool literal = p.Count.Length > 0 && p.Count.All(char.IsDigit);
            bool known =
                literal || call.Parameters.Any(q => q.Name == p.Count && q.Mode == ParameterMode.Value && q.Depth == 0);
            return known
                ? null
                : (DiagnosticCatalog.UnknownCount, $"{p.Name}: '{p.Count}' is not a parameter passed by value");
        }
        return type is null ? (DiagnosticCatalog.BadParameter, $"{p.Name}: void has no size; use an array mode") : null;
    }
}
