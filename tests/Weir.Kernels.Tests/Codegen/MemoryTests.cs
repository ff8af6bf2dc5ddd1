using Weir.Kernels.Abi;
using Xunit;

namespace Weir.Kernels.Tests.Codegen;

/// <summary>Spaces, local memory and faults of compiled kernels.</summary>
public sealed class MemoryTests
{
    private const string Header = ".version 7.0\n.target sm_70\n.address_size 64\n";

    [Fact]
    public void Local_memory_is_the_same_through_its_generic_address()
    {
        const string Text =
            Header
            + """
                .visible .entry k(.param .u64 out)
                {
                    .local .align 4 .b8 depot[8];
                    .reg .pred %p<3>;
                    .reg .b32 %r<8>;
                    .reg .b64 %rd<9>;
                    mov.u64 %rd1, depot;
                    cvta.local.u64 %rd2, %rd1;
                    add.u64 %rd3, %rd2, 4;
                    add.u64 %rd4, %rd1, 4;
                    mov.u32 %r1, %tid.x;
                    st.local.u32 [%rd4], %r1;
                    and.b32 %r4, %r1, 1;
                    setp.eq.u32 %p1, %r4, 0;
                    @%p1 bra EVEN;
                    ld.u32 %r2, [%rd3];
                    add.u32 %r2, %r2, 100;
                    st.u32 [%rd3], %r2;
                EVEN:
                    ld.local.u32 %r3, [%rd4];
                    ld.param.u64 %rd5, [out];
                    mul.wide.u32 %rd6, %r1, 4;
                    add.s64 %rd7, %rd5, %rd6;
                    st.global.u32 [%rd7], %r3;
                    ret;
                }
                """;
        using KernelRun run = new(Text, "k");
        ulong data = run.Reserve(400);
        Assert.Equal(KernelFault.None, run.Launch((1, 1, 1), (40, 1, 1), [data]));
        Assert.Equal(Enumerable.Range(0, 40).Select(i => i % 2 == 0 ? i : i + 100), KernelRun.Get<int>(data, 40));
    }
}
