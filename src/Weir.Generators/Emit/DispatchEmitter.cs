using Weir.Generators.Model;

namespace Weir.Generators.Emit;

/// <summary>
/// The worker's half: reads the fields of a record with bounds checks, translates handles, calls the device and writes
/// the answer. Operations marked <c>worker</c> go to handwritten partial methods with the decoded fields.
/// </summary>
internal static class DispatchEmitter
{
    public static string Emit(ApiSet set)
    {
        TypeTable types = new(set);
        CodeWriter w = CodeWriter.File("Weir.Worker", "Weir.Api", "Weir.Wire");
        w.Open("internal sealed unsafe partial class Dispatcher");
        w.Line(
            "/// <summary>Carries out one record. Throws <see cref=\"ProtocolException\"/> when it is malformed.</summary>"
        );
        w.Open("internal CuResult Dispatch(ushort op, ref RecordReader record, ref ReplyWriter reply)");
        w.Open("switch ((Op)op)");
        foreach (ApiCall call in OpEmitter.Numbered(set))
        {
            w.Line($"case Op.{call.Name}:");
            bool isWire = set.Family(call).ResultType == ApiFamily.WireResult;
            w.Line($"    return {(isWire ? "" : "(CuResult)")}Do{call.Name}(ref record, ref reply);");
        }
        w.Line("default:");
        w.Line("    throw new ProtocolException($\"unknown operation {op}\");");
        w.Close();
        w.Close();
        foreach (ApiCall call in OpEmitter.Numbered(set))
        {
            w.Line();
            WriteCall(w, types, set.Family(call).ResultType, call);
        }
        w.Close();
        return w.ToString();
    }

    private static void WriteCall(CodeWriter w, TypeTable types, string result, ApiCall call)
    {
        if (call.WorkerCustom)
        {
            w.Line($"private partial {result} On{call.Name}({CustomParameters(types, call)});");
            w.Line();
        }
        w.Open($"private {result} Do{call.Name}(ref RecordReader record, ref ReplyWriter reply)");
        foreach (ApiParameter p in call.Parameters)
        {
            Load(w, types, p);
        }
        w.Line("record.End();");
        foreach (ApiParameter p in call.Parameters)
        {
            Translate(w, types, result, p);
        }
        if (call.WorkerCustom)
        {
            string arguments = string.Concat(CustomArguments(types, call).Select(a => a + ", "));
            w.Line($"return On{call.Name}({arguments}ref reply);");
            w.Close();
            return;
        }
        foreach (ApiParameter p in call.Parameters)
        {
            Prepare(w, types, p);
        }
        w.Line(
            $"{result} result = Driver.{call.Name}({string.Join(", ", call.Parameters.Select(p => Argument(types, p)))});"
        );
        foreach (ApiParameter p in call.Parameters)
        {
            if (p.Mode == ParameterMode.New)
            {
                w.Open($"if (result == {result}.Success)");
                w.Line($"Handles.Add({types.HandleKind(p)}, raw_{p.Name}, native_{p.Name});");
                w.Close();
            }
            if (p.Mode == ParameterMode.Delete)
            {
                w.Line($"Handles.Remove({types.HandleKind(p)}, raw_{p.Name});");
            }
        }
        w.Line("return result;");
        w.Close();
    }

    private static bool IsWide(TypeTable types, ApiParameter p) => types.Type(p)?.Category == TypeCategory.Struct;

    private static void Load(CodeWriter w, TypeTable types, ApiParameter p)
    {
        string element = types.Element(p);
        switch (p.Mode)
        {
            case ParameterMode.Out:
                return;
            case ParameterMode.OutArray:
                if (p.IsOptional)
                {
                    w.Line($"bool has_{p.Name} = record.U64() != 0;");
                }
                return;
            case ParameterMode.InArray:
                w.Line($"byte* data_{p.Name} = record.Bytes(out uint length_{p.Name});");
                return;
            case ParameterMode.CString:
                w.Line($"byte* data_{p.Name} = record.Text({(p.IsOptional ? "true" : "false")});");
                return;
            case ParameterMode.In or ParameterMode.InOut:
                if (p.IsOptional)
                {
                    w.Line($"bool has_{p.Name} = record.U64() != 0;");
                }
                w.Line($"{element} value_{p.Name} = *({element}*)record.Take((uint)sizeof({element}));");
                return;
            case ParameterMode.Value when IsWide(types, p):
                w.Line($"{element} value_{p.Name} = *({element}*)record.Take((uint)sizeof({element}));");
                return;
            default:
                w.Line($"ulong raw_{p.Name} = record.U64();");
                return;
        }
    }

    private static void Translate(CodeWriter w, TypeTable types, string result, ApiParameter p)
    {
        if (p.Mode is ParameterMode.InArray && p.TypeName != "void")
        {
            string expected = CountValue(p);
            string size = $"{expected} * (ulong)sizeof({types.Element(p)})";
            string absent = p.IsOptional ? $"length_{p.Name} != 0 && " : "";
            w.Open($"if ({absent}({expected} > RecordLimits.MaxPayloadBytes || {size} != length_{p.Name}))");
            w.Line($"throw new ProtocolException(\"length of {p.Name}\");");
            w.Close();
        }
        else if (p.Mode is ParameterMode.InArray)
        {
            string absent = p.IsOptional ? $"length_{p.Name} != 0 && " : "";
            w.Open($"if ({absent}{CountValue(p)} != length_{p.Name})");
            w.Line($"throw new ProtocolException(\"length of {p.Name}\");");
            w.Close();
        }
        if (!types.IsHandle(p) || p.Depth != 0 || p.Mode == ParameterMode.Address)
        {
            return;
        }
        ApiType type = types.Type(p)!;
        List<string> pass = [];
        if (type.Special >= 0)
        {
            pass.Add($"raw_{p.Name} <= {type.Special}");
        }
        else if (p.Mode == ParameterMode.OptionalHandle)
        {
            pass.Add($"raw_{p.Name} == 0");
        }
        if (pass.Count > 0)
        {
            // What is no object may still be more than its number: the default stream of the client's thread.
            string plain =
                type.Special >= 0 ? $"DefaultObject({types.HandleKind(p)}, raw_{p.Name})" : $"(nint)raw_{p.Name}";
            w.Line($"nint native_{p.Name} = {plain};");
            w.Open($"if (!({pass[0]}) && !Handles.TryGet({types.HandleKind(p)}, raw_{p.Name}, out native_{p.Name}))");
        }
        else
        {
            w.Open($"if (!Handles.TryGet({types.HandleKind(p)}, raw_{p.Name}, out nint native_{p.Name}))");
        }
        w.Line($"return {result}.{type.Error};");
        w.Close();
    }

    private static string CountValue(ApiParameter p) => p.Count.All(char.IsDigit) ? p.Count + "UL" : $"raw_{p.Count}";

    private static void Prepare(CodeWriter w, TypeTable types, ApiParameter p)
    {
        string element = types.Element(p);
        switch (p.Mode)
        {
            case ParameterMode.Out:
                w.Line($"{element}* out_{p.Name} = ({element}*)reply.Reserve((uint)sizeof({element}));");
                return;
            case ParameterMode.InOut:
                w.Line($"{element}* out_{p.Name} = ({element}*)reply.Reserve((uint)sizeof({element}));");
                w.Line($"*out_{p.Name} = value_{p.Name};");
                return;
            case ParameterMode.OutArray:
                string size = p.TypeName == "void" ? "1" : $"(uint)sizeof({element})";
                string count = p.IsOptional ? $"has_{p.Name} ? {CountValue(p)} : 0" : CountValue(p);
                w.Line($"{element}* out_{p.Name} = ({element}*)reply.ReserveArray({count}, {size});");
                return;
            case ParameterMode.New:
                w.Line($"nint native_{p.Name} = 0;");
                return;
        }
    }

    private static string Argument(TypeTable types, ApiParameter p)
    {
        string element = types.Element(p);
        switch (p.Mode)
        {
            case ParameterMode.Out:
                return $"out_{p.Name}";
            case ParameterMode.InOut:
                return p.IsOptional ? $"has_{p.Name} ? out_{p.Name} : null" : $"out_{p.Name}";
            case ParameterMode.OutArray:
                return p.IsOptional ? $"has_{p.Name} ? out_{p.Name} : null" : $"out_{p.Name}";
            case ParameterMode.New:
                return $"&native_{p.Name}";
            default:
                return Decoded(types, p, element);
        }
    }

    private static string Decoded(TypeTable types, ApiParameter p, string element)
    {
        switch (p.Mode)
        {
            case ParameterMode.In or ParameterMode.InOut:
                return p.IsOptional ? $"has_{p.Name} ? &value_{p.Name} : null" : $"&value_{p.Name}";
            case ParameterMode.InArray:
                return p.IsOptional
                    ? $"length_{p.Name} == 0 ? null : ({element}*)data_{p.Name}"
                    : $"({element}*)data_{p.Name}";
            case ParameterMode.CString:
                return $"data_{p.Name}";
            case ParameterMode.Address:
                return $"({types.CSharp(p)})raw_{p.Name}";
            case ParameterMode.Value when IsWide(types, p):
                return $"value_{p.Name}";
        }
        if (types.IsHandle(p) && p.Depth == 0)
        {
            return $"native_{p.Name}";
        }
        return element == "float"
            ? $"BitConverter.UInt32BitsToSingle((uint)raw_{p.Name})"
            : $"unchecked(({types.CSharp(p)})raw_{p.Name})";
    }

    /// <summary>What a handwritten method gets: decoded values; created and deleted handles as the client's numbers.</summary>
    private static string CustomParameters(TypeTable types, ApiCall call)
    {
        List<string> list = [];
        foreach (ApiParameter p in call.Parameters)
        {
            string name = TypeTable.Name(p);
            switch (p.Mode)
            {
                case ParameterMode.Out or ParameterMode.OutArray:
                    break;
                case ParameterMode.New:
                    list.Add($"ulong {name}");
                    break;
                case ParameterMode.Delete:
                    list.Add($"ulong {name}, nint native_{p.Name}");
                    break;
                case ParameterMode.InArray:
                    list.Add($"{types.Element(p)}* {name}, uint length_{p.Name}");
                    break;
                default:
                    list.Add($"{types.CSharp(p)} {name}");
                    break;
            }
        }
        list.Add("ref ReplyWriter reply");
        return string.Join(", ", list);
    }

    private static IEnumerable<string> CustomArguments(TypeTable types, ApiCall call)
    {
        foreach (ApiParameter p in call.Parameters)
        {
            switch (p.Mode)
            {
                case ParameterMode.Out or ParameterMode.OutArray:
                    break;
                case ParameterMode.New:
                    yield return $"raw_{p.Name}";
                    break;
                case ParameterMode.Delete:
                    yield return $"raw_{p.Name}";
                    yield return $"native_{p.Name}";
                    break;
                case ParameterMode.InArray:
                    yield return $"({types.Element(p)}*)data_{p.Name}";
                    yield return $"length_{p.Name}";
                    break;
                default:
                    yield return Decoded(types, p, types.Element(p));
                    break;
            }
        }
    }
}
