using Weir.Kernels.Ir;

namespace Weir.Kernels.Lowering;

/// <summary>Barriers, fences and warp operations (PTX ISA, "Parallel Synchronization and Communication").</summary>
internal static class ThreadForms
{
    private const string Matrix = "mma.sync.aligned.shape=";

    public static readonly InstructionForm[] All =
    [
        new(
            "ldmatrix.sync.aligned.m8n8.num=x1|x2|x4{.trans}{.space=shared|shared::cta}.type=b16 @d, @a",
            IrOp.Ld,
            Rule: LoweringRule.LoadMatrix
        ),
        new(
            Matrix + "m16n8k8|m16n8k16.row.col.dtype=f16.type=f16.btype=f16.ctype=f16 @d, @a, @b, @c",
            IrOp.Mma,
            Rule: LoweringRule.MultiplyMatrix
        ),
        new(
            Matrix + "m16n8k8|m16n8k16.row.col.dtype=f32.type=f16.btype=f16.ctype=f32 @d, @a, @b, @c",
            IrOp.Mma,
            Rule: LoweringRule.MultiplyMatrix
        ),
        new(
            Matrix + "m16n8k8|m16n8k16.row.col.dtype=f32.type=bf16.btype=bf16.ctype=f32 @d, @a, @b, @c",
            IrOp.Mma,
            Rule: LoweringRule.MultiplyMatrix
        ),
        new(
            Matrix + "m16n8k4|m16n8k8.row.col.dtype=f32.tf32.tf32.ctype=f32 @d, @a, @b, @c",
            IrOp.Mma,
            Fix: i => i with { Type = IrType.F32, OtherType = IrType.F32 },
            Rule: LoweringRule.MultiplyMatrix
        ),
        new(
            Matrix + "m16n8k16|m16n8k32.row.col.dtype=s32.type=u8|s8.btype=u8|s8.ctype=s32 @d, @a, @b, @c",
            IrOp.Mma,
            Rule: LoweringRule.MultiplyMatrix
        ),
        .. Barriers("bar", ""),
        .. Barriers("barrier", "{.aligned}"),
        new("bar.warp.sync mask:b32", IrOp.Bar, i => i with { Barrier = IrBarrier.WarpSync }),
        new("membar.level=cta|gl|sys", IrOp.MemBar, i => i with { Order = IrOrder.Sc }),
        new("fence.order=sc|acq_rel|acquire|release.scope=cta|cluster|gpu|sys", IrOp.MemBar),
        new("shfl.shuffle=up|down|bfly|idx.type=b32 d|p, a, b:b32, c:b32", IrOp.Shfl),
        new("shfl.sync.shuffle=up|down|bfly|idx.type=b32 d|p, a, b:b32, c:b32, mask:b32", IrOp.Shfl),
        new("vote.vote=all|any|uni.type=pred p:pred, !a", IrOp.Vote),
        new("vote.vote=ballot.type=b32 d:b32, !a", IrOp.Vote),
        new("vote.sync.vote=all|any|uni.type=pred p:pred, !a, mask:b32", IrOp.Vote),
        new("vote.sync.vote=ballot.type=b32 d:b32, !a, mask:b32", IrOp.Vote),
        new("match.vote=any.sync.type=b32|b64 d:b32, a:T, mask:b32", IrOp.Match),
        new("match.vote=all.sync.type=b32|b64 d|p:b32, a:T, mask:b32", IrOp.Match),
        new("redux.sync.atomic=add|min|max.type=u32|s32 d, a, mask:b32", IrOp.Redux),
        new("redux.sync.atomic=and|or|xor.type=b32 d, a, mask:b32", IrOp.Redux),
        new("activemask.type=b32 d", IrOp.ActiveMask),
        new("elect.sync d|p:b32, mask:b32", IrOp.Elect),
        new("nanosleep.type=u32 a", IrOp.NanoSleep),
    ];

    // There are 16 barriers, and counts are whole warps. What is in a register is the device's to check.
    private static string? Limits(IrInstruction instruction)
    {
        if (instruction.Sources[0] is { Kind: IrOperandKind.Immediate, Bits: > 15 })
        {
            return "barriers are numbered from 0 to 15";
        }

        var counted = instruction.Sources.Count == (instruction.Barrier is IrBarrier.Sync or IrBarrier.Arrive ? 2 : 3);
        return
            counted
            && instruction.Sources[1] is { Kind: IrOperandKind.Immediate } count
            && (count.Bits == 0 || count.Bits % 32 != 0)
            ? "the number of threads is no multiple of 32"
            : null;
    }

    // bar.sync is barrier.sync.aligned by definition; ".cta" is the only group there is.
    private static InstructionForm[] Barriers(string opcode, string aligned) =>
        [
            new(
                $"{opcode}{{.cta}}.sync{aligned} a:u32, b:u32?",
                IrOp.Bar,
                i => i with { Barrier = IrBarrier.Sync },
                Limits
            ),
            new(
                $"{opcode}{{.cta}}.arrive{aligned} a:u32, b:u32",
                IrOp.Bar,
                i => i with { Barrier = IrBarrier.Arrive },
                Limits
            ),
            new(
                $"{opcode}{{.cta}}.red.popc{aligned}.type=u32 d, a:u32, !c",
                IrOp.Bar,
                i => i with { Barrier = IrBarrier.RedPopc },
                Limits
            ),
            new(
                $"{opcode}{{.cta}}.red.popc{aligned}.type=u32 d, a:u32, b:u32, !c",
                IrOp.Bar,
                i => i with { Barrier = IrBarrier.RedPopc },
                Limits
            ),
            new(
                $"{opcode}{{.cta}}.red.and{aligned}.type=pred p, a:u32, !c",
                IrOp.Bar,
                i => i with { Barrier = IrBarrier.RedAnd },
                Limits
            ),
            new(
                $"{opcode}{{.cta}}.red.and{aligned}.type=pred p, a:u32, b:u32, !c",
                IrOp.Bar,
                i => i with { Barrier = IrBarrier.RedAnd },
                Limits
            ),
            new(
                $"{opcode}{{.cta}}.red.or{aligned}.type=pred p, a:u32, !c",
                IrOp.Bar,
                i => i with { Barrier = IrBarrier.RedOr },
                Limits
            ),
            new(
                $"{opcode}{{.cta}}.red.or{aligned}.type=pred p, a:u32, b:u32, !c",
                IrOp.Bar,
                i => i with { Barrier = IrBarrier.RedOr },
                Limits
            ),
        ];
}
