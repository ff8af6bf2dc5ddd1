using Weir.Kernels.Abi;
using Xunit;

namespace Weir.Kernels.Tests.Codegen;

/// <summary>Texels become floats by division; the compiled form multiplies and corrects. Every value is tried.</summary>
public sealed class TextureQuotientTests
{
    private const string Fetch = """
        .version 7.0
        .target sm_70
        .address_size 64
        .visible .entry k(.param .u64 texture, .param .u64 out, .param .u32 width)
        {
            .reg .pred %p<2>;
            .reg .b32 %r<8>;
            .reg .f32 %f<5>;
            .reg .b64 %rd<6>;
            ld.param.u64 %rd1, [texture];
            ld.param.u64 %rd2, [out];
            ld.param.u32 %r6, [width];
            mov.u32 %r1, %ctaid.x;
            mov.u32 %r2, %ntid.x;
            mov.u32 %r3, %tid.x;
            mad.lo.s32 %r4, %r1, %r2, %r3;
            setp.ge.u32 %p1, %r4, %r6;
            @%p1 ret;
            mov.u32 %r5, 0;
            tex.2d.v4.f32.s32 {%f1, %f2, %f3, %f4}, [%rd1, {%r4, %r5}];
            mul.wide.u32 %rd3, %r4, 4;
            add.s64 %rd4, %rd2, %rd3;
            st.global.f32 [%rd4], %f1;
            ret;
        }
        """;

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(8, 1)]
    [InlineData(9, 2)]
    public void Normalised_texels_are_correctly_rounded(int format, int bytes)
    {
        int count = bytes == 1 ? 256 : 65536;
        using KernelRun run = new(Fetch, "k");
        ulong texels =
            bytes == 1
                ? run.Put([.. Enumerable.Range(0, count).Select(i => (byte)i)])
                : run.Put([.. Enumerable.Range(0, count).Select(i => (ushort)i)]);
        ulong texture = run.AddTexture(
            new TextureDescriptor
            {
                Base = texels,
                Width = (uint)count,
                Height = 1,
                PitchBytes = (uint)(count * bytes),
                Format = (uint)format,
                Channels = 1,
                AddressX = 1,
                AddressY = 1,
            }
        );
        ulong result = run.Reserve(4 * count);
        Assert.Equal(KernelFault.None, run.Launch((count / 128, 1, 1), (128, 1, 1), [texture, result, (ulong)count]));
        float[] values = KernelRun.Get<float>(result, count);
        for (int i = 0; i < count; i++)
        {
            float expected = format switch
            {
                1 => i / 255f,
                2 => i / 65535f,
                8 => Math.Max((sbyte)i / 127f, -1f),
                _ => Math.Max((short)i / 32767f, -1f),
            };
            Assert.Equal(BitConverter.SingleToUInt32Bits(expected), BitConverter.SingleToUInt32Bits(values[i]));
        }
        Assert.Equal(KernelFault.BadTexture, run.Launch((1, 1, 1), (32, 1, 1), [texture + 1, result, 32]));
    }
}
