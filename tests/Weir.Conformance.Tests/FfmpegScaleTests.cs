using System.Text;
using Weir.Kernels.Ptx;
using Weir.Oracle;
using Xunit;

namespace Weir.Conformance.Tests;

/// <summary>The 320 kernels of ffmpeg's scale filter, each between two pixel formats, on small pictures.</summary>
public class FfmpegScaleTests
{
    private const int SourceWidth = 40;
    private const int SourceHeight = 24;
    private const int Width = 37;
    private const int Height = 19;
    private const int PitchBytes = 256;
    private const ulong FirstTexture = 0x7465_7800_0000_0001;

    /// <summary>A few of them: the replays of whole filter chains cover the common ones.</summary>
    [Fact]
    public void Some_kernels_give_what_the_oracle_gives() => Compare(every: 29);

    [Fact(Explicit = true)]
    public void All_kernels_give_what_the_oracle_gives() => Compare(every: 1);

    private static void Compare(int every)
    {
        var module = PtxModule.Parse(Encoding.UTF8.GetBytes(FfmpegModules.With("Subsample_Nearest_yuv420p_nv12")));
        var wrong = new List<string>();
        for (var i = 0; i < module.Entries.Count; i += every)
        {
            var name = module.Entries[i].Name;
            // Packed formats have no chroma planes, so these kernels are empty.
            var isEmpty =
                name.Contains("0_", StringComparison.Ordinal) && name.EndsWith("_uv", StringComparison.Ordinal);
            var text = Encoding.UTF8.GetString(module.EntryText(name));
            if (Comparison.Difference(arena => Case(name, text, arena), mustWrite: !isEmpty) is { } difference)
            {
                wrong.Add($"{name}: {difference}");
            }
        }
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    /// <summary>Parameters: four textures, four planes, size, pitch in bytes, source's size, the sharpness of bicubic.</summary>
    private static KernelCase Case(string entry, string ptx, ulong arena)
    {
        var source = entry.Split('_')[2];
        var run = new KernelCase
        {
            Ptx = ptx,
            Entry = entry,
            Grid = new Dim3(2, 2),
            Block = new Dim3(32, 16),
            ArenaBase = arena,
        };
        for (var plane = 0; plane < 4; plane++)
        {
            run.Parameter(FirstTexture + (ulong)plane);
        }
        for (var plane = 0; plane < 4; plane++)
        {
            run.Buffer(new byte[PitchBytes * Height * 2], out _);
        }
        run.Parameter(Width)
            .Parameter(Height)
            .Parameter(PitchBytes)
            .Parameter(SourceWidth)
            .Parameter(SourceHeight)
            .Parameter(0f);
        var random = new Random(entry.Length);
        for (var plane = 0; plane < 4; plane++)
        {
            var texels = new byte[PitchBytes * 2 * SourceHeight];
            random.NextBytes(texels);
            run.Textures[FirstTexture + (ulong)plane] = new OracleTexture
            {
                Base = run.AddBuffer(texels, out _),
                Width = SourceWidth,
                Height = SourceHeight,
                Depth = 0,
                PitchBytes = PitchBytes * 2,
                Format = source is "p010le" or "p016le" or "yuv444p16le" ? 2u : 1,
                Channels =
                    source is "bgr0" or "rgb0" ? 4u
                    : plane == 1 && source is "nv12" or "p010le" or "p016le" ? 2u
                    : 1,
                AddressX = 0,
                AddressY = 0,
                AddressZ = 0,
                Linear = entry.Contains("Bilinear", StringComparison.Ordinal),
                Flags = ptx.Contains("tex.2d.v4.u32.f32", StringComparison.Ordinal) ? 1u : 0,
            };
        }
        return run;
    }
}
