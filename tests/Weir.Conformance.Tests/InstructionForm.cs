using System.Text;
using System.Text.RegularExpressions;
using Weir.Oracle;

namespace Weir.Conformance.Tests;

/// <summary>
/// One spelling of an instruction: a template whose words d, q, a, b, c, e are its result, second (predicate) result and
/// sources.
/// </summary>
internal sealed record InstructionForm(
    string Template,
    PtxType Result,
    IReadOnlyList<PtxType> Sources,
    bool HasSecondResult = false
)
{
    /// <summary>Results that differ only in a NaN's payload are the same: PTX leaves it open for this form.</summary>
    public bool AnyNaN { get; init; }

    private static readonly string[] SourceNames = ["a", "b", "c", "e"];

    public override string ToString() => Template;

    public static PtxType Type(string name) =>
        PtxType.TryParse(name, out var type) ? type : throw new ArgumentException($"'{name}' is no type");

    /// <summary>A form from its template and the names of its types.</summary>
    public static InstructionForm Of(string template, string result, params ReadOnlySpan<string> sources)
    {
        var types = new PtxType[sources.Length];
        for (var i = 0; i < sources.Length; i++)
        {
            types[i] = Type(sources[i]);
        }
        return new InstructionForm(template, Type(result), types)
        {
            AnyNaN = Type(result) is { Kind: 'f', Bits: > 16 },
        };
    }

    /// <summary>
    /// A kernel that applies the form to element i of its operand arrays: parameters are the number of elements, the
    /// result array, the array of second results (u32) and one array per source, all of whole bytes.
    /// </summary>
    public string Kernel()
    {
        var text = new StringBuilder();
        text.Append(
            ".version 8.6\n.target sm_90\n.address_size 64\n.visible .entry apply(\n.param .u32 count,\n.param .u64 results,\n.param .u64 seconds"
        );
        for (var i = 0; i < Sources.Count; i++)
        {
            text.Append($",\n.param .u64 source{i}");
        }
        text.Append(")\n{\n.reg .b32 %i, %n, %t, %second;\n.reg .b64 %at, %base;\n.reg .pred %done, %dq;\n");
        text.Append($".reg .{Register(Result)} %d;\n");
        for (var i = 0; i < Sources.Count; i++)
        {
            text.Append($".reg .{Register(Sources[i])} %{SourceNames[i]};\n");
        }
        text.Append("mov.u32 %t, %ctaid.x;\nmov.u32 %n, %ntid.x;\nmov.u32 %i, %tid.x;\nmad.lo.u32 %i, %t, %n, %i;\n");
        text.Append("ld.param.u32 %n, [count];\nsetp.ge.u32 %done, %i, %n;\n@%done bra END;\n");
        for (var i = 0; i < Sources.Count; i++)
        {
            Address(text, $"source{i}", StorageBytes(Sources[i]));
            if (Sources[i].Kind == 'p')
            {
                text.Append($"ld.global.u32 %t, [%at];\nsetp.ne.u32 %{SourceNames[i]}, %t, 0;\n");
            }
            else
            {
                text.Append($"ld.global.b{Sources[i].Bits} %{SourceNames[i]}, [%at];\n");
            }
        }
        if (HasSecondResult)
        {
            text.Append("setp.ne.u32 %dq, 0, 0;\n");
        }
        text.Append(Text("%d", "%dq", SourceNames.Select(n => "%" + n).ToArray())).Append(";\n");
        Address(text, "results", StorageBytes(Result));
        text.Append(
            Result.Kind == 'p'
                ? "selp.u32 %t, 1, 0, %d;\nst.global.u32 [%at], %t;\n"
                : $"st.global.b{Result.Bits} [%at], %d;\n"
        );
        if (HasSecondResult)
        {
            Address(text, "seconds", 4);
            text.Append("selp.u32 %second, 1, 0, %dq;\nst.global.u32 [%at], %second;\n");
        }
        return text.Append("END:\nret;\n}\n").ToString();
    }

    private static void Address(StringBuilder text, string parameter, int stride) =>
        text.Append($"ld.param.u64 %base, [{parameter}];\nmul.wide.u32 %at, %i, {stride};\nadd.s64 %at, %base, %at;\n");

    /// <summary>The instruction with these operands, without semicolon.</summary>
    public string Text(string result, string second, IReadOnlyList<string> sources)
    {
        var space = Template.IndexOf(' ');
        return Template[..space]
            + Regex.Replace(
                Template[space..],
                @"(?<![\w.%])[dqabce](?!\w)",
                name =>
                    name.Value switch
                    {
                        "d" => result,
                        "q" => second,
                        var source => sources[Array.IndexOf(SourceNames, source)],
                    }
            );
    }

    private static string Register(PtxType type) => type.Kind == 'p' ? "pred" : $"b{Math.Max(type.Bits, 16)}";

    private static int StorageBytes(PtxType type) => type.Kind == 'p' ? 4 : type.Bytes;

    /// <summary>A launch over corner values (all pairs of them) and random operands.</summary>
    public KernelCase Case(int count, int seed, ulong arenaBase, out int results, out int seconds)
    {
        var rows = Operands(count, seed);
        const uint Threads = 96;
        var run = new KernelCase
        {
            Ptx = Kernel(),
            Entry = "apply",
            ArenaBase = arenaBase,
            Grid = new Dim3((uint)(rows.Count + Threads - 1) / Threads),
            Block = new Dim3(Threads),
        }
            .Parameter(rows.Count)
            .Buffer(new byte[rows.Count * StorageBytes(Result)], out results)
            .Buffer(new byte[HasSecondResult ? rows.Count * 4 : 4], out seconds);
        for (var i = 0; i < Sources.Count; i++)
        {
            var bytes = new byte[rows.Count * StorageBytes(Sources[i])];
            for (var row = 0; row < rows.Count; row++)
            {
                BitConverter
                    .GetBytes(rows[row][i])
                    .AsSpan(0, StorageBytes(Sources[i]))
                    .CopyTo(bytes.AsSpan(row * StorageBytes(Sources[i])));
            }
            run = run.Buffer(bytes, out _);
        }
        return run;
    }

    public IReadOnlyList<ulong[]> Operands(int count, int seed)
    {
        var random = new Random(seed);
        var corners = Sources.Select(s => OperandValues.Of(s, 0, 0).ToArray()).ToArray();
        var rows = new List<ulong[]>();
        if (Sources.Count <= 2)
        {
            foreach (var a in corners[0])
            {
                foreach (var b in Sources.Count == 2 ? corners[1] : [0])
                {
                    rows.Add(Sources.Count == 2 ? [a, b] : [a]);
                }
            }
        }
        while (rows.Count < count)
        {
            rows.Add(
                Sources
                    .Select(
                        (s, i) =>
                            random.Next(2) == 0
                                ? corners[i][random.Next(corners[i].Length)]
                                : OperandValues.Random(s, random)
                    )
                    .ToArray()
            );
        }
        return rows;
    }
}
