using Weir.Oracle;
using Xunit;

namespace Weir.Conformance.Tests;

public class TextureConformanceTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(10)]
    [InlineData(0x10)]
    [InlineData(0x20)]
    public void Compiled_samples_are_the_oracles(uint format)
    {
        var wrong = new List<string>();
        foreach (var texture in TextureCases.Textures().Where(t => t.Format == format))
        {
            if (
                Comparison.Difference(arena => TextureCases.TwoDimensional(texture, arena), mustWrite: true) is
                { } difference
            )
            {
                wrong.Add($"{texture}: {difference}");
            }
        }
        foreach (
            var texture in TextureCases
                .Textures()
                .Where(t => t.Format == format && !t.Linear && !t.Normalised && t.AddressX == 1)
        )
        {
            if (Comparison.Difference(arena => TextureCases.Linear(texture, arena), mustWrite: true) is { } difference)
            {
                wrong.Add($"linear memory, {texture}: {difference}");
            }
        }
        Assert.True(wrong.Count == 0, $"{wrong.Count} kinds of texture:\n{string.Join('\n', wrong)}");
    }

    /// <summary>The sampler against the formulas of the CUDA Programming Guide, worked out by hand.</summary>
    [Fact]
    public void Oracle_filters_as_the_guide_says()
    {
        byte[] texels = [0, 100, 200, 50, 255, 60, 70, 80];
        var memory = new OracleMemory();
        memory.Add(0x1000, texels);
        var texture = new OracleTexture
        {
            Base = 0x1000,
            Width = 4,
            Height = 2,
            Depth = 0,
            PitchBytes = 4,
            Format = 1,
            Channels = 1,
            AddressX = 1,
            AddressY = 1,
            AddressZ = 1,
            Linear = true,
            Flags = 0,
        };
        float At(float x, float y) =>
            BitConverter.UInt32BitsToSingle(new TextureSampler(texture, memory).Sample([x, y])[0]) * 255;
        Assert.Equal(100, At(1.5f, 0.5f), 1e-3f); // the centre of a texel
        Assert.Equal(150, At(2f, 0.5f), 1e-3f); // half way between two
        Assert.Equal((100 + 200 + 60 + 70) / 4f, At(2f, 1f), 1e-3f); // between four
        Assert.Equal(0, At(-7f, 0f), 1e-3f); // clamped
        Assert.Equal(50 + (200 - 50) * 0.25f, At(3.25f, -1f), 1e-3f);
        texture = texture with { Linear = false, AddressX = 0, AddressY = 2, Flags = 2 };
        Assert.Equal(50, At(0.99f, 0.2f), 1e-3f);
        Assert.Equal(50, At(-1.01f, 0.2f), 1e-3f); // wrapped
        Assert.Equal(80, At(0.99f, 1.2f), 1e-3f); // mirrored
        texture = texture with { AddressX = 3 };
        Assert.Equal(0, At(1.01f, 0.2f), 1e-3f); // border
    }
}
