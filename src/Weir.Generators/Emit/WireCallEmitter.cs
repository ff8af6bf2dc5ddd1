using Weir.Generators.Model;

namespace Weir.Generators.Emit;

/// <summary>
/// The encoders of the shim: one static method per numbered call, which checks, writes the record, posts or awaits it
/// and stores the answer.
/// </summary>
internal static class WireCallEmitter
{
    public static string Emit(ApiSet set)
    {
        TypeTable types = new(set);
        CodeWriter w = CodeWriter.File("Weir.Shim", "Weir.Api");
        w.Open("internal static unsafe partial class WireCalls");
        w.Open("private static uint Length(byte* text)");
        w.Line("byte* end = text;");
        w.Open("while (*end != 0)");
        w.Line("end++;");
        w.Close();
        w.Line("return (uint)(end - text) + 1;");
        w.Close();
        w.Line();
        w.Line("private static ulong Padded(ulong bytes) => (bytes + 7) & ~7UL;");
        foreach (ApiCall call in OpEmitter.Numbered(set))
        {
            w.Line();
            WriteCall(w, types, set.Family(call), call);
        }
        w.Close();
        return w.ToString();
    }

    private static void WriteCall(CodeWriter w, TypeTable types, ApiFamily family, ApiCall call)
    {
        string type = family.ResultType;
        string comma = call.Parameters.Count > 0 ? ", " : "";
        w.Line($"/// <summary><c>{call.Symbol}</c></summary>");
        w.Open($"internal static {type} {call.Name}(ClientThread* thread{comma}{types.ParameterList(call)})");
        foreach (ApiParameter p in call.Parameters)
        {
            Check(w, types, type, p);
        }
        Size(w, types, type, call);
        foreach (ApiParameter p in call.Parameters.Where(p => p.Mode == ParameterMode.New))
        {
            w.Line($"nint minted_{p.Name} = Handles.Mint({types.HandleKind(p)});");
            w.Open($"if (minted_{p.Name} == 0)");
            w.Line($"return {type}.OutOfMemory;");
            w.Close();
        }
        w.Line($"byte* record = thread->Begin(Op.{call.Name}, (uint)wireBytes);");
        w.Open("if (record == null)");
        Release(w, types, call);
        w.Line($"return {type}.OutOfMemory;");
        w.Close();
        foreach (ApiParameter p in call.Parameters)
        {
            Store(w, types, p);
        }
        // With an answer, the thread's block stays taken until the answer is read: a signal handler may call in between.
        string send =
            !call.Waits ? "Post"
            : call.Parameters.Any(IsOutput) ? "CallForReply"
            : "Call";
        w.Line($"{type} result = {family.FromWire($"thread->{send}()")};");
        if (call.Parameters.Any(p => p.Mode == ParameterMode.New))
        {
            w.Open($"if (result != {type}.Success)");
            Release(w, types, call);
            w.Line("return result;");
            w.Close();
        }
        else if (call.Waits && call.Parameters.Any(IsOutput))
        {
            w.Open($"if (result != {type}.Success)");
            w.Line("return result;");
            w.Close();
        }
        Answer(w, types, type, call);
        foreach (ApiParameter p in call.Parameters.Where(p => p.Mode == ParameterMode.New))
        {
            w.Line($"*{TypeTable.Name(p)} = minted_{p.Name};");
        }
        foreach (ApiParameter p in call.Parameters.Where(p => p.Mode == ParameterMode.Delete))
        {
            w.Open($"if (result == {type}.Success)");
            w.Line($"Handles.Release({types.HandleKind(p)}, {TypeTable.Name(p)});");
            w.Close();
        }
        w.Line("return result;");
        w.Close();
    }

    private static bool IsOutput(ApiParameter p) =>
        p.Mode is ParameterMode.Out or ParameterMode.OutArray or ParameterMode.InOut;

    private static void Check(CodeWriter w, TypeTable types, string result, ApiParameter p)
    {
        string name = TypeTable.Name(p);
        if (types.IsHandle(p) && p.Depth == 0 && p.Mode != ParameterMode.Address)
        {
            int special = types.Type(p)!.Special;
            string guard = special >= 0 ? $"(nuint){name} > {special} && " : "";
            if (p.Mode == ParameterMode.OptionalHandle)
            {
                guard = $"{name} != 0 && " + guard;
            }
            w.Open($"if ({guard}!Handles.IsLive({types.HandleKind(p)}, {name}))");
            w.Line($"return {result}.{types.Type(p)!.Error};");
            w.Close();
            return;
        }
        bool pointer =
            p.Mode
            is ParameterMode.In
                or ParameterMode.Out
                or ParameterMode.InOut
                or ParameterMode.New
                or ParameterMode.CString;
        if (pointer && !p.IsOptional)
        {
            w.Open($"if ({name} == null)");
            w.Line($"return {result}.InvalidValue;");
            w.Close();
        }
        if (p.Mode is ParameterMode.InArray or ParameterMode.OutArray)
        {
            // A negative count becomes huge and is refused.
            string size = $"(ulong){p.Count} * (ulong){types.ElementSize(p)}";
            string limit = p.Mode == ParameterMode.InArray ? "MaxPayloadBytes" : "MaxReplyBytes";
            w.Open($"if ((ulong){p.Count} > RecordLimits.{limit} || {size} > RecordLimits.{limit})");
            w.Line($"return {result}.InvalidValue;");
            w.Close();
            w.Line($"uint length_{p.Name} = (uint)({size});");
            if (p.IsOptional)
            {
                w.Open($"if ({name} == null)");
                w.Line($"length_{p.Name} = 0;");
                w.Close();
            }
            else
            {
                w.Open($"if ({name} == null && length_{p.Name} != 0)");
                w.Line($"return {result}.InvalidValue;");
                w.Close();
            }
        }
        if (p.Mode == ParameterMode.CString)
        {
            w.Line($"uint length_{p.Name} = {(p.IsOptional ? $"{name} == null ? 0 : " : "")}Length({name});");
        }
    }

    private static void Size(CodeWriter w, TypeTable types, string result, ApiCall call)
    {
        List<string> parts = [];
        int words = 0;
        foreach (ApiParameter p in call.Parameters)
        {
            switch (p.Mode)
            {
                case ParameterMode.In or ParameterMode.InOut when IsWide(types, p):
                    words += p.IsOptional ? 1 : 0;
                    parts.Add($"Padded((ulong)sizeof({types.Element(p)}))");
                    break;
                case ParameterMode.In or ParameterMode.InOut:
                    words += p.IsOptional ? 2 : 1;
                    break;
                case ParameterMode.InArray or ParameterMode.CString:
                    parts.Add($"Padded(4 + (ulong)length_{p.Name})");
                    break;
                case ParameterMode.Out:
                    break;
                case ParameterMode.OutArray:
                    words += p.IsOptional ? 1 : 0;
                    break;
                case ParameterMode.Value when IsWide(types, p):
                    parts.Add($"Padded((ulong)sizeof({types.Element(p)}))");
                    break;
                default:
                    words++;
                    break;
            }
        }
        parts.Insert(0, (words * 8).ToString());
        w.Line($"ulong wireBytes = {string.Join(" + ", parts)};");
        if (parts.Count > 1)
        {
            w.Open("if (wireBytes > RecordLimits.MaxPayloadBytes)");
            w.Line($"return {result}.InvalidValue;");
            w.Close();
        }
    }

    private static bool IsWide(TypeTable types, ApiParameter p) => types.Type(p)?.Category == TypeCategory.Struct;

    private static void Release(CodeWriter w, TypeTable types, ApiCall call)
    {
        foreach (ApiParameter p in call.Parameters.Where(p => p.Mode == ParameterMode.New))
        {
            w.Line($"Handles.Release({types.HandleKind(p)}, minted_{p.Name});");
        }
    }

    private static void Store(CodeWriter w, TypeTable types, ApiParameter p)
    {
        string name = TypeTable.Name(p);
        string element = types.Element(p);
        switch (p.Mode)
        {
            case ParameterMode.Out:
                return;
            case ParameterMode.OutArray:
                if (p.IsOptional)
                {
                    w.Line($"*(ulong*)record = {name} == null ? 0UL : 1UL;");
                    w.Line("record += 8;");
                }
                return;
            case ParameterMode.New:
                w.Line($"*(ulong*)record = (ulong)minted_{p.Name};");
                w.Line("record += 8;");
                return;
            case ParameterMode.InArray or ParameterMode.CString:
                w.Line($"*(uint*)record = length_{p.Name};");
                w.Line($"Buffer.MemoryCopy({name}, record + 4, length_{p.Name}, length_{p.Name});");
                w.Line($"record += (nuint)Padded(4 + (ulong)length_{p.Name});");
                return;
            case ParameterMode.In or ParameterMode.InOut:
                if (p.IsOptional)
                {
                    w.Line($"*(ulong*)record = {name} == null ? 0UL : 1UL;");
                    w.Line("record += 8;");
                }
                string indent = p.IsOptional ? $"if ({name} != null) " : "";
                w.Line($"{indent}*({element}*)record = *{name};");
                w.Line($"record += (nuint)Padded((ulong)sizeof({element}));");
                return;
            case ParameterMode.Value when IsWide(types, p):
                w.Line($"*({element}*)record = {name};");
                w.Line($"record += (nuint)Padded((ulong)sizeof({element}));");
                return;
            default:
                string value = element == "float" && p.Depth == 0 ? $"BitConverter.SingleToUInt32Bits({name})" : name;
                w.Line($"*(ulong*)record = unchecked((ulong){value});");
                w.Line("record += 8;");
                return;
        }
    }

    private static void Answer(CodeWriter w, TypeTable types, string result, ApiCall call)
    {
        List<ApiParameter> outputs = [.. call.Parameters.Where(IsOutput)];
        if (outputs.Count == 0)
        {
            return;
        }
        w.Line("byte* reply = thread->Reply;");
        w.Line("byte* replyEnd = reply + thread->ReplyBytes;");
        foreach (ApiParameter p in outputs)
        {
            string name = TypeTable.Name(p);
            string element = types.Element(p);
            if (p.Mode == ParameterMode.OutArray)
            {
                string length = $"length_{p.Name}";
                w.Open($"if (replyEnd - reply < (long)Padded(4 + (ulong){length}) || *(uint*)reply != {length})");
                w.Line("thread->Done();");
                w.Line($"return {result}.Unknown;");
                w.Close();
                w.Line($"Buffer.MemoryCopy(reply + 4, {name}, {length}, {length});");
                w.Line($"reply += (nuint)Padded(4 + (ulong){length});");
                continue;
            }
            w.Open($"if (replyEnd - reply < (long)Padded((ulong)sizeof({element})))");
            w.Line("thread->Done();");
            w.Line($"return {result}.Unknown;");
            w.Close();
            string guard = p.IsOptional ? $"if ({name} != null) " : "";
            w.Line($"{guard}*{name} = *({element}*)reply;");
            w.Line($"reply += (nuint)Padded((ulong)sizeof({element}));");
        }
        w.Line("thread->Done();");
    }
}
