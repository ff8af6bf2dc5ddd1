using Weir.Kernels.Ir;
using Weir.Kernels.Tests.Ptx;
using Xunit;

namespace Weir.Kernels.Tests.Lowering;

/// <summary>Blocks, scopes, calls and the layout of memory.</summary>
public sealed class ControlTests
{
    [Fact]
    public void Labels_and_branches_cut_blocks()
    {
        var function = Texts.Lower(
            """
            setp.eq.s32 %p1, %r1, 0;
            @%p1 bra.uni DONE;
            LOOP: add.s32 %r1, %r1, -1;
            setp.ne.s32 %p1, %r1, 0;
            @%p1 bra LOOP;
            exit;
            DONE:
            """
        );
        Assert.Equal([2, 3, 1, 1], function.Blocks.Select(b => b.Instructions.Count));
        Assert.Equal(3, function.Blocks[0].Instructions[^1].Target);
        Assert.True(function.Blocks[0].Instructions[^1].Uniform);
        Assert.Equal(1, function.Blocks[1].Instructions[^1].Target);
        Assert.Equal(IrOp.Ret, function.Blocks[3].Instructions[0].Op);
    }

    [Fact]
    public void Branch_tables()
    {
        var function = Texts.Lower(
            """
            TABLE: .branchtargets A, B, A;
            brx.idx.uni %r1, TABLE;
            B: ret;
            A: trap;
            """
        );
        // Three targets: 0 | 1, 2; then 1 | 2.
        var code = function.Blocks.SelectMany(b => b.Instructions).ToList();
        Assert.Equal([1UL, 2UL], code.Where(i => i.Op == IrOp.SetP).Select(i => i.Sources[1].Bits));
        var (b, a) = (function.Blocks.Count - 3, function.Blocks.Count - 2);
        Assert.Equal(IrOp.Trap, function.Blocks[a].Instructions[0].Op);
        Assert.Equal([a, b, a], code.Where(i => i is { Op: IrOp.Bra, Guard.IsNone: true }).Select(i => i.Target));
    }

    [Fact]
    public void Inner_scopes_hide_names()
    {
        var code = Texts.Code(".reg .u32 %x; mov.u32 %x, 1; { .reg .u64 %x; mov.u64 %x, 2; } mov.u32 %x, 3;");
        Assert.Equal(code[0].Dests[0], code[2].Dests[0]);
        Assert.NotEqual(code[0].Dests[0], code[1].Dests[0]);
    }

    [Fact]
    public void Wide_ranges_cost_nothing()
    {
        var function = Texts.Lower(".reg .b32 %z<2000000000>; mov.u32 %z1999999999, 1;");
        Assert.Single(function.Registers);
        Assert.Contains("not declared", Texts.Error(".reg .b32 %z<10>; mov.u32 %z10, 1;").Message);
    }

    private const string Callee = """
        .func (.param .b32 result) twice(.param .b32 x, .param .align 4 .b8 pair[8]) {
          .reg .b32 %v<4>; .reg .pred %q;
          ld.param.u32 %v1, [x];
          ld.param.u32 %v2, [pair+4];
          setp.eq.u32 %q, %v1, 0;
          @%q bra OUT;
          add.u32 %v1, %v1, %v2;
          st.param.b32 [result], %v1;
          ret;
          OUT: st.param.b32 [result], 7;
          ret;
        }
        """;

    [Fact]
    public void Calls_are_inlined_and_their_parameters_become_registers()
    {
        var function = Texts.Lower(
            """
            { .param .b32 p0; .param .align 4 .b8 p1[8]; .param .b32 back;
            st.param.b32 [p0], %r1; st.param.v2.b32 [p1], {%r2, %r3};
            call.uni (back), twice, (p0, p1);
            ld.param.b32 %r4, [back]; }
            st.global.u32 [%d1], %r4;
            """,
            Callee
        );
        var code = function.Blocks.SelectMany(b => b.Instructions).ToList();
        Assert.DoesNotContain(code, i => i.Op is IrOp.Ld or IrOp.Call);
        Assert.Single(code, i => i.Op == IrOp.St);
        Assert.Equal(0, function.LocalBytes);
        Assert.Equal(IrOp.St, function.Blocks[^1].Instructions[^2].Op);
    }

    [Fact]
    public void Parameters_whose_address_is_taken_stay_in_memory()
    {
        var function = Texts.Lower(
            """
            { .param .align 8 .b8 p0[12]; st.param.b32 [p0+8], 5; call look, (p0); }
            { .param .align 8 .b8 p0[12]; st.param.b32 [p0], 5; call look, (p0); }
            """,
            """
            .func look(.param .align 8 .b8 x[12]) { .reg .u64 %y; .reg .u32 %z; .local .align 16 .b8 own[32];
             mov.u64 %y, x; cvta.local.u64 %y, %y; ld.u32 %z, [%y+8]; mov.u64 %y, own; st.local.u32 [%y], %z; ret; }
            """
        );
        var stores = function
            .Blocks.SelectMany(b => b.Instructions)
            .Where(i => i.Op == IrOp.St && i.Address.Kind == IrOperandKind.Symbol);
        Assert.All(stores, i => Assert.Equal(IrSpace.Local, i.Space));
        Assert.Equal([0L, 16L], function.Symbols.Where(s => s.Name == "p0").Select(s => s.Offset));
        // Both calls' own variables share their place behind the caller's.
        Assert.Equal([64L, 64L], function.Symbols.Where(s => s.Name == "own").Select(s => s.Offset));
        Assert.Equal(96, function.LocalBytes);
    }

    [Fact]
    public void Guarded_calls_and_register_parameters()
    {
        var function = Texts.Lower(
            "@%p1 call (%r1), plus, (%r2, 5); mov.u32 %r3, %r1;",
            ".func (.reg .u32 %out) plus(.reg .u32 %a, .reg .u32 %b) { add.u32 %out, %a, %b; ret; }"
        );
        var branch = Assert.Single(function.Blocks[0].Instructions);
        Assert.Equal((IrOp.Bra, true, function.Blocks.Count - 1), (branch.Op, branch.Guard.Negated, branch.Target));
        Assert.Equal(
            [IrOp.Mov, IrOp.Mov, IrOp.Add, IrOp.Mov],
            function.Blocks.Skip(1).SkipLast(1).SelectMany(b => b.Instructions).Select(i => i.Op)
        );
        Assert.Equal([IrOp.Mov, IrOp.Ret], function.Blocks[^1].Instructions.Select(i => i.Op));
    }

    [Theory]
    [InlineData(".func f() { call f; ret; }", "call f;", "recursion")]
    [InlineData(".func g(); .func f() { call g; ret; } .func g() { call f; ret; }", "call f;", "recursion")]
    [InlineData(".extern .func f();", "call f;", "no body")]
    [InlineData(
        ".func f(.reg .u32 %a) { .reg .b64 %g; mov.u64 %g, f; call %g, (%a), p; p: .callprototype _ (.reg .u32 _); ret; }",
        "call f, (%r1);",
        "recursion"
    )]
    [InlineData(".global .texref t;", "tex.2d.v4.f32.f32 {%f1, %f2, %f3, %f4}, [t, {%f1, %f2}];", "reference")]
    public void Unsupported_calls_and_variables(string before, string body, string reason)
    {
        var error = Texts.Error(body, before);
        Assert.True(error.Unsupported);
        Assert.Contains(reason, error.Message);
    }

    [Theory]
    [InlineData(".func f(.param .b32 x) { ret; }", "call f;")]
    [InlineData(".func f(.param .b32 x) { ret; }", "{ .param .b64 y; call f, (y); }")]
    [InlineData(".func f(.param .b32 x) { ret; }", "call (%r1), f, (%r1);")]
    public void Calls_that_do_not_fit(string before, string body) =>
        Assert.False(Texts.Error(body, before).Unsupported);

    [Fact]
    public void Exponential_inlining_is_stopped()
    {
        var functions = new System.Text.StringBuilder(".func f0() { .reg .u32 %a; mov.u32 %a, 1; ret; }\n");
        for (var i = 1; i < 60; i++)
        {
            functions.Append($".func f{i}() {{ call f{i - 1}; call f{i - 1}; ret; }}\n");
        }

        var error = Assert.Throws<PtxException>(() => Texts.Lower("call f59;", functions.ToString()));
        Assert.True(error.Unsupported);
    }

    [Fact]
    public void Shared_memory_is_laid_out_with_the_dynamic_part_last()
    {
        var function = Texts.Lower(
            """
            .shared .align 1 .b8 odd[5];
            .shared .align 16 .b8 even[32];
            mov.u32 %r1, odd; mov.u32 %r2, even+4; mov.u64 %d1, dynamic; call f; call f;
            """,
            """
            .extern .shared .align 32 .b8 dynamic[];
            .shared .align 4 .b8 notused[64];
            .func f() { .shared .align 8 .b8 once[8]; .reg .u32 %a; mov.u32 %a, once; ret; }
            """
        );
        var shared = function
            .Symbols.Where(s => s.Space == IrSpace.Shared)
            .ToDictionary(s => s.Name, s => (s.Offset, s.SizeBytes));
        Assert.Equal(4, shared.Count);
        Assert.Equal((0, 5), shared["odd"]);
        Assert.Equal((16, 32), shared["even"]);
        Assert.Equal((48, 8), shared["once"]);
        Assert.Equal((64, 0), shared["dynamic"]);
        Assert.Equal(64, function.SharedBytes);
        Assert.Contains("shared memory", Texts.Error(".shared .b8 big[50000]; mov.u32 %r1, big;").Message);
        Assert.Contains("local memory", Texts.Error(".local .b8 big[600000]; mov.u32 %r1, big;").Message);
    }

    [Fact]
    public void Global_variables_are_numbered_in_the_order_of_their_use()
    {
        var function = Texts.Lower(
            "mov.u64 %d1, second; ld.const.f32 %f1, [table+8]; ld.global.u32 %r1, [first]; ld.u32 %r2, [second];",
            ".global .u32 first; .global .u32 second; .const .f32 table[4]; .global .u32 third;"
        );
        Assert.Equal(
            ["second", "table", "first"],
            function
                .Symbols.Where(s => s.Space is IrSpace.Global or IrSpace.Const)
                .OrderBy(s => s.Offset)
                .Select(s => s.Name)
        );
    }
}
