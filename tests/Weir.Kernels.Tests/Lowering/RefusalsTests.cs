using System.Text;
using Weir.Kernels.Ir;
using Weir.Kernels.Lowering;
using Weir.Kernels.Ptx;
using Xunit;

namespace Weir.Kernels.Tests.Lowering;

public class RefusalsTests
{
    private const string Text = """
        .version 8.0
        .target sm_90
        .address_size 64
        .visible .entry other() { ret; }
        .visible .entry k(.param .u64 p)
        {
            .reg .b64 %d; .reg .b32 %r<4>; .reg .pred %p;
            ld.param.u64 %d, [p];
            wgmma.fence.sync.aligned;
            setp.lt.u32 %p, %r1, 5;
            @%p st.global.u32 [%d+4], %r1;
            mbarrier.inval.b64 [%d];
            ret;
        }
        """;

    private static readonly PtxModule Module = PtxModule.Parse(Encoding.ASCII.GetBytes(Text));

    [Fact]
    public void All_that_is_refused_is_named_with_its_line_in_the_file()
    {
        Assert.Empty(Refusals.Of(Module, "other"));
        Assert.Equal([9, 12], Refusals.Of(Module, "k").Select(refusal => refusal.Line));
        Assert.All(Refusals.Of(Module, "k"), refusal => Assert.True(refusal.Unsupported));
    }

    [Fact]
    public void A_mistake_ends_the_search()
    {
        string text = Text.Replace("setp.lt.u32 %p, %r1, 5;", "setp.lt.u32 %p, %nothing, 5;");
        PtxModule module = PtxModule.Parse(Encoding.ASCII.GetBytes(text));
        Assert.Equal([9, 10], Refusals.Of(module, "k").Select(refusal => refusal.Line));
    }

    [Fact]
    public void The_intermediate_form_can_be_read()
    {
        string text = Text.Replace("wgmma.fence.sync.aligned;", "").Replace("mbarrier.inval.b64 [%d];", "");
        IrFunction function = PtxModule.Parse(Encoding.ASCII.GetBytes(text)).Lower("k");
        string written = IrText.Write(function);
        Assert.Contains("%d = ld.param.u64 [p]", written);
        Assert.Contains("@%p st.global.u32 [%d+4], %r1", written);
    }
}
