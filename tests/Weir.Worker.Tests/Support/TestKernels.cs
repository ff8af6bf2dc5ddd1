using System.Text;
using Weir.Api;
using Weir.Wire;

namespace Weir.Worker.Tests.Support;

/// <summary>A module with a few kernels, loaded and launched by records as a client sends them.</summary>
internal static unsafe class TestKernels
{
    /// <summary>mix(words, number): each of <see cref="Words"/> words becomes a function of itself, its place and the number.</summary>
    public const string Mix = "mix";

    /// <summary>keep(out, number): takes 64 bytes of the heap, puts the number there, and the address into out.</summary>
    public const string Keep = "keep";

    /// <summary>look(from, number): adds the number to what lies where keep's address points, and puts the sum behind that address.</summary>
    public const string Look = "look";

    /// <summary>say(unused, number): prints the number.</summary>
    public const string Say = "say";

    /// <summary>Words that <see cref="Mix"/> works on.</summary>
    public const int Words = 1024;

    private const string Head = """
        .version 7.0
        .target sm_70
        .address_size 64
        .extern .func (.param .b64 address) malloc (.param .b64 bytes);
        .extern .func (.param .b32 count) vprintf (.param .b64 format, .param .b64 arguments);
        .global .align 1 .b8 said[9] = {115, 97, 105, 100, 32, 37, 117, 10, 0};
        .global .align 4 .u32 total;

        """;

    private static readonly (string Name, string Body)[] s_kernels =
    [
        (
            Mix,
            """
            mov.u32 %r2, %ctaid.x; mov.u32 %r3, %ntid.x; mov.u32 %r4, %tid.x; mad.lo.u32 %r5, %r2, %r3, %r4;
            mul.wide.u32 %rd2, %r5, 4; add.u64 %rd3, %rd1, %rd2; ld.global.u32 %r6, [%rd3];
            mad.lo.u32 %r6, %r6, 1664525, %r1; add.u32 %r6, %r6, %r5; st.global.u32 [%rd3], %r6;
            red.global.add.u32 [total], %r6;
            """
        ),
        (
            Keep,
            """
            { .param .b64 size; .param .b64 got; mov.u64 %rd2, 64; st.param.b64 [size], %rd2;
            call.uni (got), malloc, (size); ld.param.b64 %rd3, [got]; }
            st.u32 [%rd3], %r1; st.global.u64 [%rd1], %rd3;
            """
        ),
        (
            Look,
            """
            ld.global.u64 %rd2, [%rd1]; ld.u32 %r2, [%rd2]; add.u32 %r2, %r2, %r1; st.u32 [%rd2], %r2;
            st.global.u32 [%rd1+8], %r2;
            """
        ),
        (
            Say,
            """
            { .local .align 8 .b8 said_number[8]; .reg .b64 %local; .reg .b64 %words; .param .b64 format; .param .b64 values; .param .b32 count;
            mov.u64 %local, said_number; cvta.local.u64 %words, %local; st.u32 [%words], %r1;
            mov.u64 %rd2, said; cvta.global.u64 %rd3, %rd2; st.param.b64 [format], %rd3; st.param.b64 [values], %words;
            call.uni (count), vprintf, (format, values); }
            """
        ),
    ];

    /// <summary>The client's handle of the module.</summary>
    public static ulong Module { get; } = Handle.Pack(1, 1, (uint)HandleKind.Module, 0);

    /// <summary>Loads the module, in a context, and names its kernels.</summary>
    public static void Load(LocalSession session, ulong context)
    {
        const ulong Blob = 7;
        StringBuilder text = new(Head);
        foreach ((string name, string body) in s_kernels)
        {
            text.Append(
                $$"""
                .visible .entry {{name}}(.param .u64 place, .param .u32 number) {
                .reg .u64 %rd<8>; .reg .u32 %r<8>;
                ld.param.u64 %rd1, [place]; ld.param.u32 %r1, [number];
                {{body}}
                ret; }

                """
            );
        }
        byte[] image = [.. Encoding.ASCII.GetBytes(text.ToString()), 0];
        image.CopyTo(new Span<byte>(session.Claim(5), image.Length));
        _ = session.Execute(Op.BlobPart, 0, Blob, 5, (ulong)image.Length);
        Assert.Equal(StagingChunk.Free, session.ChunkState(5));
        Assert.Equal(CuResult.Success, session.Execute(Op.LoadModule, context, Module, Blob));
        for (int index = 0; index < s_kernels.Length; index++)
        {
            Assert.Equal(
                CuResult.Success,
                session.Execute(
                    Op.ModuleGetFunction,
                    context,
                    [Function(s_kernels[index].Name), Module, .. Encode(s_kernels[index].Name)]
                )
            );
        }
    }

    /// <summary>Launches a kernel, on one block where it is not <see cref="Mix"/>.</summary>
    public static void Launch(LocalSession session, ulong context, string name, ulong place, uint number)
    {
        const uint Bytes = 12;
        ulong threads = name == Mix ? 256ul : 1;
        ulong blocks = name == Mix ? Words / threads : 1;
        _ = session.Execute(
            Op.Launch,
            context,
            Function(name),
            blocks,
            1,
            1,
            threads,
            1,
            1,
            0,
            0,
            0,
            Bytes,
            Bytes | (place << 32),
            (place >> 32) | ((ulong)number << 32)
        );
    }

    /// <summary>Address of a variable of the module.</summary>
    public static ulong Variable(LocalSession session, ulong context, string name)
    {
        Assert.Equal(CuResult.Success, session.Execute(Op.ModuleGetGlobal, context, [Module, .. Encode(name)]));
        return session.Answer(0);
    }

    private static ulong Function(string name) =>
        Handle.Pack((uint)Array.FindIndex(s_kernels, one => one.Name == name) + 1, 1, (uint)HandleKind.Function, 0);

    private static ulong[] Encode(string text)
    {
        byte[] bytes = [.. BitConverter.GetBytes(text.Length + 1), .. Encoding.ASCII.GetBytes(text), 0];
        Array.Resize(ref bytes, (bytes.Length + 7) / 8 * 8);
        ulong[] words = new ulong[bytes.Length / 8];
        Buffer.BlockCopy(bytes, 0, words, 0, bytes.Length);
        return words;
    }
}
