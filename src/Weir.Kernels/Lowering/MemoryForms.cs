using Weir.Kernels.Ir;

namespace Weir.Kernels.Lowering;

/// <summary>Memory accesses, atomics, textures.</summary>
internal static class MemoryForms
{
    private const string Types = "type=b8|b16|b32|b64|u8|u16|u32|u64|s8|s16|s32|s64|f32|f64|f16";
    private const string AnySpace = "{.space=global|shared|shared::cta|local|const|param|param::entry|param::func}";
    private const string StoreSpace = "{.space=global|shared|shared::cta|local|param|param::func}";
    private const string AtomSpace = "{.space=global|shared|shared::cta}";
    private const string Scope = "scope=cta|cluster|gpu|sys";
    private const string Hints =
        "{.l1=L1::evict_normal|L1::evict_unchanged|L1::evict_first|L1::evict_last|L1::no_allocate}{.l2=L2::64B|L2::128B|L2::256B}";
    private const string AtomOrder = "{.order=relaxed|acquire|release|acq_rel}{." + Scope + "}";

    public static readonly InstructionForm[] All =
    [
        new(
            $"ld{{.weak}}{AnySpace}{{.cop=ca|cg|cs|lu}}{Hints}{{.vec=v2|v4}}.{Types} {{d}}~, [a]",
            IrOp.Ld,
            Check: Vector
        ),
        new($"ld{{.weak}}{AnySpace}.cv{{.vec=v2|v4}}.{Types} {{d}}~, [a]", IrOp.Ld, Check: Vector),
        new(
            $"ld.volatile{AnySpace}{{.l2=L2::64B|L2::128B|L2::256B}}{{.vec=v2|v4}}.{Types} {{d}}~, [a]",
            IrOp.Ld,
            Check: Vector
        ),
        new(
            $"ld.order=relaxed|acquire.{Scope}{AnySpace}{Hints}{{.vec=v2|v4}}.{Types} {{d}}~, [a]",
            IrOp.Ld,
            Check: Vector
        ),
        new($"ld.space=global{{.cop=ca|cg|cs}}.nc{Hints}{{.vec=v2|v4}}.{Types} {{d}}~, [a]", IrOp.Ld, Check: Vector),
        new($"ldu{{.space=global}}{{.vec=v2|v4}}.{Types} {{d}}~, [a]", IrOp.Ld, Check: Vector),
        new(
            $"st{{.weak}}{StoreSpace}{{.cop=wb|cg|cs|wt}}{Hints}{{.vec=v2|v4}}.{Types} [a], {{b}}~",
            IrOp.St,
            Check: Store
        ),
        new($"st.volatile{StoreSpace}{{.vec=v2|v4}}.{Types} [a], {{b}}~", IrOp.St, Check: Store),
        new(
            $"st.order=relaxed|release.{Scope}{StoreSpace}{Hints}{{.vec=v2|v4}}.{Types} [a], {{b}}~",
            IrOp.St,
            Check: Store
        ),
        .. Atomics("atom", IrOp.Atom, "d, [a], b"),
        new($"atom{AtomOrder}{AtomSpace}.atomic=exch.type=b32|b64 d, [a], b", IrOp.Atom),
        new($"atom{AtomOrder}{AtomSpace}.atomic=cas.type=b16|b32|b64|u32|u64|s32|s64 d, [a], b, c", IrOp.Atom),
        .. Atomics("red", IrOp.Red, "[a], b"),
        new("prefetch{.space=global|local}.level=L1|L2 [a]", IrOp.Prefetch, Rule: LoweringRule.Nothing),
        new("prefetchu.level=L1 [a]", IrOp.Prefetch, Rule: LoweringRule.Nothing),
        new(
            "cp.async.cop=ca|cg.space=shared|shared::cta.global{.l2=L2::64B|L2::128B|L2::256B} @d, @a, @n, @m",
            IrOp.Ld,
            Rule: LoweringRule.AsyncCopy
        ),
        new("cp.async.commit_group", IrOp.Ld, Rule: LoweringRule.Nothing),
        new("cp.async.wait_group #n", IrOp.Ld, Rule: LoweringRule.Nothing),
        new("cp.async.wait_all", IrOp.Ld, Rule: LoweringRule.Nothing),
        new("tex.geom=1d|2d|3d.vec=v4.dtype=u32|s32|f32.type=s32|f32 @d, @a", IrOp.Tex, Rule: LoweringRule.Texture),
    ];

    // atom and red differ in what they return only. The scope may also stand where old compilers put it, behind .op's space.
    private static InstructionForm[] Atomics(string opcode, IrOp op, string operands) =>
        [
            new($"{opcode}{AtomOrder}{AtomSpace}.atomic=and|or|xor.type=b32|b64 {operands}", op),
            new($"{opcode}{AtomOrder}{AtomSpace}.atomic=add.type=u32|s32|u64|s64|f32|f64 {operands}", op),
            new($"{opcode}{AtomOrder}{AtomSpace}.atomic=add.noftz.type=f16|f16x2|bf16|bf16x2 {operands}", op),
            new($"{opcode}{AtomOrder}{AtomSpace}.atomic=inc|dec.type=u32 {operands}", op),
            new($"{opcode}{AtomOrder}{AtomSpace}.atomic=min|max.type=u32|s32|u64|s64 {operands}", op),
        ];

    private static string? Store(IrInstruction instruction) =>
        instruction.Space == IrSpace.Param ? "a kernel's parameters cannot be written" : Vector(instruction);

    private static string? Vector(IrInstruction instruction)
    {
        var count = Math.Max(instruction.Dests.Count, instruction.Sources.Count);
        return count * IrTypes.Bits(instruction.Type) > 128 ? "a vector has 128 bits at most" : null;
    }
}
