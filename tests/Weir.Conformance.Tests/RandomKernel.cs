using System.Text;
using Weir.Oracle;

namespace Weir.Conformance.Tests;

/// <summary>Part of a random kernel.</summary>
internal abstract record KernelNode;

/// <summary>Instructions without jumps, each with its semicolon.</summary>
internal sealed record Lines(IReadOnlyList<string> Text) : KernelNode;

/// <summary>Runs one or the other side, as %p0 says after the instructions of the condition.</summary>
internal sealed record If(
    IReadOnlyList<string> Condition,
    IReadOnlyList<KernelNode> Then,
    IReadOnlyList<KernelNode> Else
) : KernelNode;

/// <summary>Runs its body as often as %limit says, which <see cref="Limit"/> sets; leaves it early where told.</summary>
internal sealed record Loop(IReadOnlyList<string> Limit, bool TestAtEnd, IReadOnlyList<KernelNode> Body) : KernelNode;

/// <summary>Leaves the innermost loop, goes on with its next round, or ends the thread, when %p0 is set.</summary>
internal sealed record Jump(IReadOnlyList<string> Condition, JumpKind Kind) : KernelNode;

internal enum JumpKind
{
    Break,
    Continue,
    Return,
}

/// <summary>
/// Pieces of code with jumps between them in any direction: loops with several entries, jumps into the middle. A jump
/// back costs a unit of fuel, so that it ends.
/// </summary>
internal sealed record Tangle(IReadOnlyList<TanglePiece> Pieces) : KernelNode;

/// <summary>Code, then a jump to the piece <see cref="Target"/> (one past the last: the end) when %p0 is set.</summary>
internal sealed record TanglePiece(IReadOnlyList<string> Text, IReadOnlyList<string> Condition, int Target);

/// <summary>A whole random kernel with the shape of its launch.</summary>
internal sealed record RandomKernel(Dim3 Grid, Dim3 Block, int Seed, IReadOnlyList<KernelNode> Body)
{
    /// <summary>Elements of the input array, which all threads read.</summary>
    public const int Inputs = 256;

    public const int Words = 8;
    public const int Floats = 4;
    public const int Longs = 4;
    public const int Halves = 3;
    public const int Predicates = 4;
    private const int BytesPerThread = (Words * 4) + (Floats * 4) + (Longs * 8) + (Halves * 4) + 12;

    /// <summary>Launch and body; what comes before and after is the same for all (<see cref="Ptx"/>).</summary>
    public override string ToString()
    {
        var ptx = Ptx();
        var body = ptx[
            ptx.IndexOf("// body", StringComparison.Ordinal)..ptx.IndexOf("// results", StringComparison.Ordinal)
        ];
        return $"grid {Grid.X}, block {Block.X}x{Block.Y}, input seed {Seed}\n{body}";
    }

    public KernelCase Case(ulong arenaBase)
    {
        var random = new Random(Seed);
        var input = Enumerable.Range(0, Inputs).Select(_ => (uint)OperandValues.Random(PtxType.U32, random));
        var threads = (int)(Grid.Count * Block.Count);
        return new KernelCase
        {
            Ptx = Ptx(),
            Entry = "random",
            Grid = Grid,
            Block = Block,
            ArenaBase = arenaBase,
            MaxSteps = 20_000_000,
        }
            .Buffer(new byte[threads * BytesPerThread], out _)
            .Buffer(KernelCase.Bytes(input), out _)
            .Buffer(new byte[256], out _);
    }

    public string Ptx()
    {
        var text = new StringBuilder();
        text.Append(
            $$"""
            .version 7.8
            .target sm_80
            .address_size 64
            .visible .entry random(.param .u64 results, .param .u64 inputs, .param .u64 counters)
            {
            .reg .b32 %r<{{Words}}>, %t<4>, %thread, %count, %linear, %fuel, %limit, %turn<8>, %end<8>, %mask<8>, %flags;
            .reg .b32 %f<{{Floats}}>;
            .reg .b64 %q<{{Longs}}>, %in, %at, %counters, %wide;
            .reg .b16 %h<{{Halves}}>;
            .reg .pred %p0, %v<{{Predicates}}>, %g, %more;
            .shared .align 8 .b8 box[{{Block.Count * 4}}];
            .shared .align 8 .b8 tally[64];
            .local .align 8 .b8 own[64];
            mov.u32 %t0, %tid.x;
            mov.u32 %t1, %tid.y;
            mov.u32 %t2, %ntid.x;
            mov.u32 %t3, %ntid.y;
            mad.lo.u32 %thread, %t1, %t2, %t0;
            mul.lo.u32 %count, %t2, %t3;
            mov.u32 %t0, %ctaid.x;
            mad.lo.u32 %linear, %t0, %count, %thread;
            ld.param.u64 %in, [inputs];
            cvta.to.global.u64 %in, %in;
            ld.param.u64 %counters, [counters];
            cvta.to.global.u64 %counters, %counters;
            mov.u32 %fuel, 40;
            mov.u32 %limit, 0;

            """
        );
        for (var i = 0; i < 8; i++)
        {
            text.Append($"mov.u32 %turn{i}, 0;\nmov.u32 %end{i}, 0;\nmov.u32 %mask{i}, -1;\n");
        }
        for (var i = 0; i < Words; i++)
        {
            LoadInput(text, $"add.u32 %t0, %linear, {i * 31};", $"ld.global.u32 %r{i}, [%at];");
        }
        for (var i = 0; i < Floats; i++)
        {
            LoadInput(text, $"add.u32 %t0, %linear, {i * 57};", $"ld.global.u32 %f{i}, [%at];");
            text.Append($"cvt.rn.f32.s32 %f{i}, %f{i};\nmul.f32 %f{i}, %f{i}, 0f3A800000;\n");
        }
        for (var i = 0; i < Longs; i++)
        {
            text.Append($"mov.b64 %q{i}, {{%r{i}, %r{i + 3}}};\n");
        }
        for (var i = 0; i < Halves; i++)
        {
            text.Append($"cvt.u16.u32 %h{i}, %r{i + 2};\n");
        }
        for (var i = 0; i < Predicates; i++)
        {
            text.Append($"setp.lt.s32 %v{i}, %r{i}, %r{i + 4};\n");
        }
        text.Append("mov.u32 %t0, box;\nmad.lo.u32 %t0, %thread, 4, %t0;\nst.shared.u32 [%t0], %thread;\n");
        text.Append("setp.eq.u32 %p0, %thread, 0;\n");
        for (var i = 0; i < 64; i += 8)
        {
            text.Append(
                $"mov.u64 %wide, {i * 3};\n@%p0 st.shared.u64 [tally+{i}], %wide;\nst.local.u64 [own+{i}], %wide;\n"
            );
        }
        text.Append("bar.sync 0;\n// body\n");
        new Emitter(text).Emit(Body);
        // What the block counted together is seen when all that have not ended are here.
        text.Append(
            "// results\nbar.sync 0;\nmov.u32 %t0, tally;\nand.b32 %t1, %thread, 15;\nmad.lo.u32 %t0, %t1, 4, %t0;\nld.shared.u32 %t3, [%t0];\n"
        );
        text.Append("ld.param.u64 %at, [results];\ncvta.to.global.u64 %at, %at;\n");
        text.Append($"mul.wide.u32 %wide, %linear, {BytesPerThread};\nadd.s64 %at, %at, %wide;\n");
        var offset = 0;
        for (var i = 0; i < Longs; i++, offset += 8)
        {
            text.Append($"st.global.u64 [%at+{offset}], %q{i};\n");
        }
        for (var i = 0; i < Words; i++, offset += 4)
        {
            text.Append($"st.global.u32 [%at+{offset}], %r{i};\n");
        }
        for (var i = 0; i < Floats; i++, offset += 4)
        {
            text.Append($"st.global.u32 [%at+{offset}], %f{i};\n");
        }
        for (var i = 0; i < Halves; i++, offset += 4)
        {
            text.Append($"st.global.u16 [%at+{offset}], %h{i};\n");
        }
        text.Append("mov.u32 %flags, 0;\n");
        for (var i = 0; i < Predicates; i++)
        {
            text.Append($"@%v{i} or.b32 %flags, %flags, {1 << i};\n");
        }
        return text.Append($"st.global.u32 [%at+{offset}], %flags;\nst.global.u32 [%at+{offset + 4}], %t3;\nret;\n}}\n")
            .ToString();
    }

    private static void LoadInput(StringBuilder text, string index, string load) =>
        text.Append(
            $"{index}\nand.b32 %t0, %t0, {Inputs - 1};\nmul.wide.u32 %at, %t0, 4;\nadd.s64 %at, %in, %at;\n{load}\n"
        );

    private sealed class Emitter(StringBuilder text)
    {
        private int _labels;
        private readonly Stack<(string Next, string End)> _loops = new();

        public void Emit(IReadOnlyList<KernelNode> nodes)
        {
            foreach (var node in nodes)
            {
                Emit(node);
            }
        }

        private void Add(IReadOnlyList<string> lines)
        {
            foreach (var line in lines)
            {
                text.Append(line).Append('\n');
            }
        }

        private void Emit(KernelNode node)
        {
            switch (node)
            {
                case Lines lines:
                    Add(lines.Text);
                    break;
                case If branch:
                    EmitIf(branch);
                    break;
                case Loop loop:
                    EmitLoop(loop);
                    break;
                case Jump jump:
                    Add(jump.Condition);
                    if (jump.Kind == JumpKind.Return)
                    {
                        text.Append("@%p0 ret;\n");
                    }
                    else if (_loops.Count > 0)
                    {
                        text.Append(
                            $"@%p0 bra {(jump.Kind == JumpKind.Break ? _loops.Peek().End : _loops.Peek().Next)};\n"
                        );
                    }
                    break;
                case Tangle tangle:
                    EmitTangle(tangle);
                    break;
            }
        }

        private void EmitIf(If branch)
        {
            var label = _labels++;
            Add(branch.Condition);
            text.Append($"@!%p0 bra ELSE{label};\n");
            Emit(branch.Then);
            if (branch.Else.Count > 0)
            {
                text.Append($"bra.uni FI{label};\n");
            }
            text.Append($"ELSE{label}:\n");
            Emit(branch.Else);
            text.Append($"FI{label}:\n");
        }

        private void EmitLoop(Loop loop)
        {
            var label = _labels++;
            var depth = _loops.Count;
            Add(loop.Limit);
            text.Append($"mov.u32 %end{depth}, %limit;\nmov.u32 %turn{depth}, 0;\n");
            var test = $"setp.lt.u32 %more, %turn{depth}, %end{depth};\n";
            _loops.Push(($"NEXT{label}", $"DONE{label}"));
            if (loop.TestAtEnd)
            {
                text.Append($"AGAIN{label}:\n");
                Emit(loop.Body);
                text.Append($"NEXT{label}:\nadd.u32 %turn{depth}, %turn{depth}, 1;\n{test}@%more bra AGAIN{label};\n");
            }
            else
            {
                text.Append($"NEXT{label}:\n{test}@!%more bra DONE{label};\nadd.u32 %turn{depth}, %turn{depth}, 1;\n");
                Emit(loop.Body);
                text.Append($"bra NEXT{label};\n");
            }
            text.Append($"DONE{label}:\n");
            _loops.Pop();
        }

        private void EmitTangle(Tangle tangle)
        {
            var label = _labels++;
            for (var i = 0; i < tangle.Pieces.Count; i++)
            {
                var piece = tangle.Pieces[i];
                var target = Math.Min(piece.Target, tangle.Pieces.Count);
                text.Append($"T{label}_{i}:\n");
                Add(piece.Text);
                Add(piece.Condition);
                if (target <= i)
                {
                    text.Append("setp.ne.and.u32 %p0, %fuel, 0, %p0;\n@%p0 sub.u32 %fuel, %fuel, 1;\n");
                }
                text.Append($"@%p0 bra T{label}_{target};\n");
            }
            text.Append($"T{label}_{tangle.Pieces.Count}:\n");
        }
    }
}
