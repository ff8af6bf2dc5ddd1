using Weir.Oracle;

namespace Weir.Conformance.Tests;

/// <summary>Launches that sample a texture at many places, one per kind of texture object.</summary>
internal static class TextureCases
{
    private const ulong Handle = 0x7465_7800_0000_0003;
    private const int Samples = 200;
    private const uint Width = 13;
    private const uint Height = 7;

    private static readonly uint[] Formats = [1, 2, 3, 8, 9, 10, 0x10, 0x20];

    /// <summary>Texture objects of the formats, channels, modes and filters that go together.</summary>
    public static IEnumerable<OracleTexture> Textures()
    {
        foreach (var format in Formats)
        {
            foreach (var channels in (uint[])[1, 2, 4])
            {
                foreach (var mode in (uint[])[0, 1, 2, 3])
                {
                    foreach (var normalised in (bool[])[false, true])
                    {
                        foreach (var integer in (bool[])[false, true])
                        {
                            foreach (var linear in (bool[])[false, true])
                            {
                                var isFloat = format is 0x10 or 0x20;
                                var word = format is 3 or 10;
                                if ((integer && isFloat) || (word && !integer) || (linear && integer))
                                {
                                    continue;
                                }
                                yield return new OracleTexture
                                {
                                    Base = 0,
                                    Width = Width,
                                    Height = Height,
                                    Depth = 0,
                                    PitchBytes = 256,
                                    Format = format,
                                    Channels = channels,
                                    AddressX = mode,
                                    AddressY = (mode + (channels / 2)) % 4,
                                    AddressZ = mode,
                                    Linear = linear,
                                    Flags = (integer ? 1u : 0) | (normalised ? 2u : 0),
                                };
                            }
                        }
                    }
                }
            }
        }
    }

    /// <summary>tex.2d with float coordinates, far outside the texture too; results as f32 or s32.</summary>
    public static KernelCase TwoDimensional(OracleTexture texture, ulong arena)
    {
        var type = texture.ReadAsInteger ? "s32" : "f32";
        var random = new Random((int)(texture.Format + (texture.Channels * 100) + (texture.AddressX * 1000)));
        var scale = texture.Normalised ? 1f : Width;
        var coordinates = Enumerable
            .Range(0, Samples * 2)
            .Select(i => i < 40 ? ((i / 2) - 4) * scale / Width / 2 : (float)((random.NextDouble() * 5) - 2) * scale);
        var run = new KernelCase
        {
            Ptx = Kernel($"tex.2d.v4.{type}.f32 {{%d0, %d1, %d2, %d3}}, [%texture, {{%c0, %c1}}];"),
            Entry = "sample",
            Block = new Dim3(Samples / 2),
            Grid = new Dim3(2),
            ArenaBase = arena,
        };
        return Finish(run, texture, KernelCase.Bytes(coordinates));
    }

    /// <summary>tex.1d of linear memory with whole coordinates.</summary>
    public static KernelCase Linear(OracleTexture texture, ulong arena)
    {
        var type = texture.ReadAsInteger ? "u32" : "f32";
        var coordinates = Enumerable.Range(0, Samples * 2).Select(i => i % (int)Width);
        var run = new KernelCase
        {
            Ptx = Kernel($"tex.1d.v4.{type}.s32 {{%d0, %d1, %d2, %d3}}, [%texture, {{%c0}}];"),
            Entry = "sample",
            Block = new Dim3(Samples / 2),
            Grid = new Dim3(2),
            ArenaBase = arena,
        };
        return Finish(run, texture with { Height = 0 }, KernelCase.Bytes(coordinates));
    }

    private static KernelCase Finish(KernelCase run, OracleTexture texture, byte[] coordinates)
    {
        var texels = new byte[texture.PitchBytes * Height];
        new Random(7).NextBytes(texels);
        if (texture.Format is 0x10 or 0x20)
        {
            // Numbers of an ordinary size.
            for (var i = 0; i + 4 <= texels.Length; i += 4)
            {
                var value = (i % 977 / 7f) - 60;
                var bytes =
                    texture.Format == 0x20
                        ? BitConverter.GetBytes(value)
                        : [.. BitConverter.GetBytes((Half)value), .. BitConverter.GetBytes((Half)(value / 3))];
                bytes.CopyTo(texels, i);
            }
        }
        run.Parameter(Handle).Buffer(coordinates, out _).Buffer(new byte[Samples * 16], out _);
        run.Textures[Handle] = texture with { Base = run.AddBuffer(texels, out _) };
        return run;
    }

    private static string Kernel(string sample) =>
        $$"""
            .version 7.8
            .target sm_80
            .address_size 64
            .visible .entry sample(.param .u64 texture, .param .u64 coordinates, .param .u64 results)
            {
            .reg .b64 %texture, %at, %from;
            .reg .b32 %i, %n, %t, %d<4>;
            .reg .f32 %c<2>;
            ld.param.u64 %texture, [texture];
            mov.u32 %i, %tid.x;
            mov.u32 %t, %ctaid.x;
            mov.u32 %n, %ntid.x;
            mad.lo.u32 %i, %t, %n, %i;
            ld.param.u64 %from, [coordinates];
            mul.wide.u32 %at, %i, 8;
            add.s64 %at, %at, %from;
            ld.global.v2.f32 {%c0, %c1}, [%at];
            {{sample}}
            ld.param.u64 %from, [results];
            mul.wide.u32 %at, %i, 16;
            add.s64 %at, %at, %from;
            st.global.v4.b32 [%at], {%d0, %d1, %d2, %d3};
            ret;
            }
            """;
}
