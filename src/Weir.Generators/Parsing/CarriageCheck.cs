using Weir.Generators.Model;

namespace Weir.Generators.Parsing;

/// <summary>Checks that every call that travels says how its state is carried, and finds where a record names what it concerns.</summary>
internal static class CarriageCheck
{
    /// <summary>In place of a field: the first field of the answer.</summary>
    public const int InAnswer = 14;

    /// <summary>In place of a field: there is none.</summary>
    public const int NoField = 15;

    /// <summary>Most parameters that one call may name.</summary>
    public const int MostFields = 3;

    public static void Check(ApiCall call, Action<string, string> report)
    {
        if (!call.Travels)
        {
            if (call.Carriage is not null)
            {
                // What a client keeps goes nowhere; what it sends is declared with the operations that it sends.
                report(DiagnosticCatalog.NotCarried, "does not travel, so it has nothing to carry");
            }
            return;
        }
        if (call.Carriage is not { } carriage)
        {
            report(
                DiagnosticCatalog.NotCarried,
                "does not say how its state is carried; add carry=no|work|new|end|set|device|worker|client|never (src/Weir.Api/Cuda/README.md)"
            );
            return;
        }
        if (carriage.Kind == CarriageKind.Never && !call.Doc.Contains("Not carried: "))
        {
            report(DiagnosticCatalog.NotCarried, "carry=never needs a line '## Not carried: WHY' before the call");
        }
        bool mayName = carriage.Kind is CarriageKind.New or CarriageKind.End or CarriageKind.Set;
        if (!mayName && carriage.Parameters.Count > 0)
        {
            report(DiagnosticCatalog.NotCarried, "this kind of carriage names no parameters");
            return;
        }
        bool hasNew = call.Parameters.Any(p => p.Mode == ParameterMode.New);
        bool hasDelete = call.Parameters.Any(p => p.Mode == ParameterMode.Delete);
        if (hasNew && carriage.Kind is not (CarriageKind.New or CarriageKind.Worker or CarriageKind.Never))
        {
            report(DiagnosticCatalog.NotCarried, "makes a handle, so carry is new, worker or never");
        }
        if (hasDelete && carriage.Kind is not (CarriageKind.End or CarriageKind.Worker))
        {
            report(DiagnosticCatalog.NotCarried, "ends a handle, so carry is end or worker");
        }
        if (mayName && Fields(call) is null)
        {
            report(
                DiagnosticCatalog.NotCarried,
                "carry names a parameter that is neither one of the leading plain fields of the record nor the first of the answer"
            );
        }
    }

    /// <summary>Places of what the call concerns, in fields of 8 bytes; null when they cannot be told.</summary>
    public static int[]? Fields(ApiCall call)
    {
        if (call.Carriage is not { Kind: CarriageKind.New or CarriageKind.End or CarriageKind.Set } carriage)
        {
            return [];
        }
        List<string> names = [.. carriage.Parameters];
        if (names.Count == 0 && carriage.Kind != CarriageKind.Set)
        {
            ParameterMode mode = carriage.Kind == CarriageKind.New ? ParameterMode.New : ParameterMode.Delete;
            names.AddRange(call.Parameters.Where(p => p.Mode == mode).Select(p => p.Name));
            if (names.Count != 1)
            {
                return null;
            }
        }
        if (names.Count > MostFields)
        {
            return null;
        }
        int[] fields = [.. names.Select(name => Field(call, name))];
        return fields.Any(field => field < 0) ? null : fields;
    }

    private static int Field(ApiCall call, string name)
    {
        int field = 0;
        bool isFirstOfAnswer = true;
        bool isPlain = true;
        foreach (ApiParameter p in call.Parameters)
        {
            if (p.Mode == ParameterMode.Out)
            {
                if (p.Name == name)
                {
                    return isFirstOfAnswer ? InAnswer : -1;
                }
                isFirstOfAnswer = false;
                continue;
            }
            if (p.Mode == ParameterMode.OutArray)
            {
                isFirstOfAnswer = false;
                isPlain &= !p.IsOptional;
                continue;
            }
            isPlain &=
                p.Mode
                    is ParameterMode.Value
                        or ParameterMode.OptionalHandle
                        or ParameterMode.Address
                        or ParameterMode.New
                        or ParameterMode.Delete;
            if (p.Name == name)
            {
                return isPlain && field < InAnswer ? field : -1;
            }
            field++;
        }
        return -1;
    }
}
