namespace Weir.Oracle;

/// <summary>What %tid.x and its like answer.</summary>
internal static class SpecialRegisters
{
    public static Read Bind(string name, Instruction at) =>
        name switch
        {
            "%tid.x" => lane => lane.ThreadId.X,
            "%tid.y" => lane => lane.ThreadId.Y,
            "%tid.z" => lane => lane.ThreadId.Z,
            "%ntid.x" => lane => lane.Block.Launch.Block.X,
            "%ntid.y" => lane => lane.Block.Launch.Block.Y,
            "%ntid.z" => lane => lane.Block.Launch.Block.Z,
            "%ctaid.x" => lane => lane.Block.Id.X,
            "%ctaid.y" => lane => lane.Block.Id.Y,
            "%ctaid.z" => lane => lane.Block.Id.Z,
            "%nctaid.x" => lane => lane.Block.Launch.Grid.X,
            "%nctaid.y" => lane => lane.Block.Launch.Grid.Y,
            "%nctaid.z" => lane => lane.Block.Launch.Grid.Z,
            "%laneid" => lane => (ulong)lane.Index,
            "%warpid" => lane => (ulong)lane.Warp.Number,
            "%nwarpid" => lane => (ulong)lane.Block.Warps.Count,
            "%lanemask_eq" => lane => 1UL << lane.Index,
            "%lanemask_lt" => lane => (1UL << lane.Index) - 1,
            "%lanemask_le" => lane => (2UL << lane.Index) - 1,
            "%lanemask_gt" => lane => ~((2UL << lane.Index) - 1) & 0xffff_ffff,
            "%lanemask_ge" => lane => ~((1UL << lane.Index) - 1) & 0xffff_ffff,
            "%dynamic_smem_size" => lane => lane.Block.Launch.DynamicSharedBytes,
            "%total_smem_size" => lane => (ulong)lane.Block.Shared.Length,
            "%smid" or "%gridid" or "%clock" or "%clock64" or "%globaltimer" => _ => 0,
            "%nsmid" => _ => 1,
            _ => throw at.Unknown($"register {name} is not declared"),
        };
}
