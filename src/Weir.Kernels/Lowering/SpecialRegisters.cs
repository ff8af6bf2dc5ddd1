using System.Collections.Frozen;
using Weir.Kernels.Ir;

namespace Weir.Kernels.Lowering;

/// <summary>Special registers by name (PTX ISA, "Special Registers").</summary>
internal static class SpecialRegisters
{
    private static readonly FrozenDictionary<string, (IrSpecial Special, int Bits)> ByName = new Dictionary<
        string,
        (IrSpecial, int)
    >
    {
        ["%tid.x"] = (IrSpecial.TidX, 32),
        ["%tid.y"] = (IrSpecial.TidY, 32),
        ["%tid.z"] = (IrSpecial.TidZ, 32),
        ["%ntid.x"] = (IrSpecial.NTidX, 32),
        ["%ntid.y"] = (IrSpecial.NTidY, 32),
        ["%ntid.z"] = (IrSpecial.NTidZ, 32),
        ["%ctaid.x"] = (IrSpecial.CtaIdX, 32),
        ["%ctaid.y"] = (IrSpecial.CtaIdY, 32),
        ["%ctaid.z"] = (IrSpecial.CtaIdZ, 32),
        ["%nctaid.x"] = (IrSpecial.NCtaIdX, 32),
        ["%nctaid.y"] = (IrSpecial.NCtaIdY, 32),
        ["%nctaid.z"] = (IrSpecial.NCtaIdZ, 32),
        ["%laneid"] = (IrSpecial.LaneId, 32),
        ["%warpid"] = (IrSpecial.WarpId, 32),
        ["%nwarpid"] = (IrSpecial.NWarpId, 32),
        ["%smid"] = (IrSpecial.SmId, 32),
        ["%nsmid"] = (IrSpecial.NSmId, 32),
        ["%gridid"] = (IrSpecial.GridId, 64),
        ["%lanemask_eq"] = (IrSpecial.LaneMaskEq, 32),
        ["%lanemask_le"] = (IrSpecial.LaneMaskLe, 32),
        ["%lanemask_lt"] = (IrSpecial.LaneMaskLt, 32),
        ["%lanemask_ge"] = (IrSpecial.LaneMaskGe, 32),
        ["%lanemask_gt"] = (IrSpecial.LaneMaskGt, 32),
        ["%clock"] = (IrSpecial.Clock, 32),
        ["%clock64"] = (IrSpecial.Clock64, 64),
        ["%globaltimer"] = (IrSpecial.GlobalTimer, 64),
        ["%dynamic_smem_size"] = (IrSpecial.DynamicSharedSize, 32),
        ["%total_smem_size"] = (IrSpecial.TotalSharedSize, 32),
    }.ToFrozenDictionary();

    /// <summary>Finds a special register and its width.</summary>
    public static bool TryFind(string name, out IrSpecial special, out int bits)
    {
        var found = ByName.TryGetValue(name, out var entry);
        (special, bits) = entry;
        return found;
    }

    /// <summary>Width in bits; %gridid may also be read at 32.</summary>
    public static int Bits(IrSpecial special) =>
        special is IrSpecial.GridId or IrSpecial.Clock64 or IrSpecial.GlobalTimer ? 64 : 32;
}
