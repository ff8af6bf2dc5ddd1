using System.Buffers.Binary;
using Weir.Kernels.Ptx;

namespace Weir.Kernels.Fatbin;

/// <summary>What module loading calls get: PTX text, a fat binary, or machine code.</summary>
public static class ModuleImage
{
    /// <summary>Finds and reads the PTX of an image that fits a device best.</summary>
    /// <param name="image">The image, without a wrapper. Must not change while the module lives.</param>
    /// <param name="sm">Compute capability of the device times ten.</param>
    /// <returns>The module; null when the image is sound but has no PTX that the device could run.</returns>
    /// <exception cref="PtxException">The image or its PTX is damaged or not supported.</exception>
    public static PtxModule? Read(ReadOnlyMemory<byte> image, int sm)
    {
        if (image.Length >= 4 && BinaryPrimitives.ReadUInt32LittleEndian(image.Span) == ImageExtent.ElfMagic)
        {
            return null;
        }

        if (!FatbinReader.IsFatbin(image.Span))
        {
            var module = PtxModule.Parse(image);
            return Runs(module, sm) ? module : null;
        }

        foreach (var entry in FatbinReader.PtxFor(FatbinReader.Read(image), sm))
        {
            var module = PtxModule.Parse(entry.Contents());
            if (Runs(module, sm))
            {
                return module;
            }
        }

        return null;
    }

    // Architecture-specific code (sm_90a) runs on that architecture alone, family-specific code (sm_100f) on newer ones
    // of the same major number, other code on all newer ones.
    private static bool Runs(PtxModule module, int sm) =>
        module.Target[^1] switch
        {
            'a' => module.TargetSm == sm,
            'f' => module.TargetSm <= sm && module.TargetSm / 10 == sm / 10,
            _ => module.TargetSm <= sm,
        };
}
