using Weir.Kernels.Abi;
using Xunit;

namespace Weir.Kernels.Tests.Codegen;

/// <summary>Barriers in code that no tidy program would have.</summary>
public sealed class BarrierTests
{
    private const string Top = """
        .version 7.0
        .target sm_70
        .address_size 64
        .visible .entry k(.param .u64 out)
        {
            .shared .align 4 .b8 cells[1024];
            .reg .pred %p<4>;
            .reg .b32 %r<12>;
            .reg .b64 %rd<6>;
            mov.u32 %r1, %tid.x;
            shl.b32 %r2, %r1, 2;
            mov.u32 %r3, cells;
            add.u32 %r4, %r3, %r2;
            st.shared.u32 [%r4], %r1;
            and.b32 %r5, %r1, 1;
            setp.eq.u32 %p1, %r5, 1;

        """;

    private const string Bottom = """
            ld.shared.u32 %r7, [%r4];
            ld.param.u64 %rd1, [out];
            mul.wide.u32 %rd2, %r1, 4;
            add.s64 %rd3, %rd1, %rd2;
            st.global.u32 [%rd3], %r7;
            ret;
        }
        """;

    private static (KernelFault Fault, int[] Values) Run(string middle, int threads)
    {
        using KernelRun run = new(Top + middle + Bottom, "k");
        ulong data = run.Put(new int[threads]);
        KernelFault fault = run.Launch((2, 1, 1), (threads, 1, 1), [data]);
        return (fault, KernelRun.Get<int>(data, threads));
    }

    [Theory]
    [InlineData(64)]
    [InlineData(50)]
    [InlineData(3)]
    public void Lanes_of_one_warp_may_arrive_at_different_places(int threads)
    {
        // Each side waits at a barrier of its own; both are barrier 0, so together all have arrived.
        (KernelFault fault, int[] values) = Run(
            """
            @%p1 bra ODD;
            bar.sync 0;
            add.u32 %r8, %r1, 100;
            bra JOIN;
            ODD:
            bar.sync 0;
            add.u32 %r8, %r1, 200;
            JOIN:
            st.shared.u32 [%r4], %r8;
            bar.sync 0;

            """,
            threads
        );
        Assert.Equal(KernelFault.None, fault);
        Assert.Equal(Enumerable.Range(0, threads).Select(i => i + (i % 2 == 1 ? 200 : 100)), values);
    }

    [Fact]
    public void Threads_that_have_exited_need_not_arrive()
    {
        (KernelFault fault, int[] values) = Run("setp.ge.u32 %p2, %r1, 40;\n@%p2 ret;\nbar.sync 0;\n", 100);
        Assert.Equal(KernelFault.None, fault);
        Assert.Equal(Enumerable.Range(0, 100).Select(i => i < 40 ? i : 0), values);
    }

    [Fact]
    public void Threads_that_wait_at_different_barriers_for_each_other_are_a_fault()
    {
        (KernelFault fault, _) = Run("@%p1 bra ODD;\nbar.sync 0;\nbra JOIN;\nODD:\nbar.sync 1;\nJOIN:\n", 64);
        Assert.Equal(KernelFault.BarrierDeadlock, fault);
    }

    [Fact]
    public void A_counted_barrier_lets_producers_go_on()
    {
        // The first warp only arrives; the second waits for both.
        (KernelFault fault, int[] values) = Run(
            """
            setp.lt.u32 %p2, %r1, 32;
            @%p2 bra PRODUCE;
            bar.sync 3, 64;
            xor.b32 %r9, %r4, 128;
            ld.shared.u32 %r8, [%r9];
            bra JOIN;
            PRODUCE:
            add.u32 %r8, %r1, 1000;
            st.shared.u32 [%r4], %r8;
            bar.arrive 3, 64;
            JOIN:
            st.shared.u32 [%r4], %r8;

            """,
            64
        );
        Assert.Equal(KernelFault.None, fault);
        Assert.Equal(Enumerable.Range(0, 64).Select(i => i % 32 + 1000), values);
    }

    [Fact]
    public void A_barrier_counts_predicates()
    {
        (KernelFault fault, int[] values) = Run("bar.red.popc.u32 %r8, 0, %p1;\nst.shared.u32 [%r4], %r8;\n", 75);
        Assert.Equal(KernelFault.None, fault);
        Assert.All(values, value => Assert.Equal(37, value));
    }

    [Fact]
    public void A_loop_without_end_stops_when_asked()
    {
        using KernelRun run = new(Top + "AGAIN:\nadd.u32 %r8, %r8, 1;\nbra AGAIN;\n" + Bottom, "k");
        run.Cancel();
        Assert.Equal(KernelFault.Cancelled, run.Launch((1, 1, 1), (32, 1, 1), [run.Reserve(256)]));
    }
}
