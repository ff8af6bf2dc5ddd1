namespace Weir.Devices.Software.Tests.Support;

/// <summary>Kernels that tests launch; all parameters are 64 bits wide.</summary>
internal static class KernelTexts
{
    public const string Head = ".version 7.0\n.target sm_70\n.address_size 64\n";

    /// <summary>index(out): out[global thread] = global thread, 32 bits.</summary>
    public const string Index =
        Head
        + """
            .visible .entry index(.param .u64 out)
            {
                .reg .b32 %r<5>;
                .reg .b64 %rd<5>;
                ld.param.u64 %rd1, [out];
                mov.u32 %r1, %ctaid.x;
                mov.u32 %r2, %ntid.x;
                mov.u32 %r3, %tid.x;
                mad.lo.s32 %r4, %r1, %r2, %r3;
                mul.wide.u32 %rd2, %r4, 4;
                add.s64 %rd3, %rd1, %rd2;
                st.global.u32 [%rd3], %r4;
                ret;
            }
            """;

    /// <summary>add(p, n): n times, every thread adds 1 to its own 32 bits at p by plain load and store.</summary>
    public const string Add =
        Head
        + """
            .visible .entry add(.param .u64 p, .param .u64 n)
            {
                .reg .b32 %r<6>;
                .reg .b64 %rd<8>;
                .reg .pred %p;
                ld.param.u64 %rd1, [p];
                ld.param.u64 %rd4, [n];
                mov.u32 %r1, %ctaid.x;
                mov.u32 %r2, %ntid.x;
                mov.u32 %r3, %tid.x;
                mad.lo.s32 %r4, %r1, %r2, %r3;
                mul.wide.u32 %rd2, %r4, 4;
                add.s64 %rd3, %rd1, %rd2;
                mov.u64 %rd5, 0;
            loop:
                setp.ge.u64 %p, %rd5, %rd4;
                @%p bra done;
                ld.global.u32 %r5, [%rd3];
                add.u32 %r5, %r5, 1;
                st.global.u32 [%rd3], %r5;
                add.u64 %rd5, %rd5, 1;
                bra loop;
            done:
                ret;
            }
            """;

    /// <summary>spin(p): loops while the 32 bits at p are 0.</summary>
    public const string Spin =
        Head
        + """
            .visible .entry spin(.param .u64 p)
            {
                .reg .b32 %r<3>;
                .reg .b64 %rd<3>;
                .reg .pred %p;
                ld.param.u64 %rd1, [p];
            loop:
                ld.volatile.global.u32 %r1, [%rd1];
                setp.eq.u32 %p, %r1, 0;
                @%p bra loop;
                ret;
            }
            """;

    /// <summary>trap(): stops with an error.</summary>
    public const string Trap = Head + ".visible .entry halt()\n{\n trap;\n ret;\n}\n";

    /// <summary>reverse(p): reverses a block's 32-bit values in dynamic shared memory.</summary>
    public const string Reverse =
        Head
        + """
            .extern .shared .align 4 .b8 room[];
            .visible .entry reverse(.param .u64 p)
            {
                .reg .b32 %r<9>;
                .reg .b64 %rd<5>;
                ld.param.u64 %rd1, [p];
                mov.u32 %r1, %tid.x;
                mov.u32 %r2, %ntid.x;
                mul.wide.u32 %rd2, %r1, 4;
                add.s64 %rd3, %rd1, %rd2;
                ld.global.u32 %r3, [%rd3];
                mov.u32 %r4, room;
                shl.b32 %r5, %r1, 2;
                add.u32 %r6, %r4, %r5;
                st.shared.u32 [%r6], %r3;
                bar.sync 0;
                sub.u32 %r7, %r2, %r1;
                sub.u32 %r7, %r7, 1;
                shl.b32 %r7, %r7, 2;
                add.u32 %r7, %r4, %r7;
                ld.shared.u32 %r8, [%r7];
                st.global.u32 [%rd3], %r8;
                ret;
            }
            """;

    /// <summary>sample(out, tex): out[x] = texel (x, 1) of a texture of unsigned integers.</summary>
    public const string Sample =
        Head
        + """
            .visible .entry sample(.param .u64 out, .param .u64 tex)
            {
                .reg .b32 %r<6>;
                .reg .b64 %rd<5>;
                .reg .f32 %f<3>;
                ld.param.u64 %rd1, [out];
                ld.param.u64 %rd2, [tex];
                mov.u32 %r1, %tid.x;
                cvt.rn.f32.u32 %f1, %r1;
                mov.f32 %f2, 0f3F800000;
                tex.2d.v4.u32.f32 {%r2, %r3, %r4, %r5}, [%rd2, {%f1, %f2}];
                mul.wide.u32 %rd3, %r1, 4;
                add.s64 %rd4, %rd1, %rd3;
                st.global.u32 [%rd4], %r2;
                ret;
            }
            """;

    /// <summary>Variables with values, addresses of each other, and a kernel that copies one to out.</summary>
    public const string Variables =
        Head
        + """
            .visible .global .align 4 .u32 numbers[4] = {1, 2, 3};
            .visible .const .align 8 .u64 pointer = numbers;
            .visible .global .align 4 .b8 zeros[4096];
            .visible .entry third(.param .u64 out)
            {
                .reg .b32 %r<2>;
                .reg .b64 %rd<4>;
                ld.param.u64 %rd1, [out];
                ld.const.u64 %rd2, [pointer];
                ld.global.u32 %r1, [%rd2+8];
                st.global.u32 [%rd1], %r1;
                ret;
            }
            """;
}
