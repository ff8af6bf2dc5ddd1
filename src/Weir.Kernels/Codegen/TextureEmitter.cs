using Weir.Kernels.Abi;
using Weir.Kernels.Analysis;
using Weir.Kernels.Ir;

namespace Weir.Kernels.Codegen;

/// <summary>tex: finds the descriptor of the texture object and samples it for all lanes.</summary>
internal sealed class TextureEmitter(KernelContext context)
{
    private LaneBuilder B => context.B;

    private IrInstruction I => context.Instruction;

    /// <summary>Emits the operation.</summary>
    public void Sample()
    {
        int axes = I.Geometry switch
        {
            IrGeometry.D1 => 1,
            IrGeometry.D2 => 2,
            IrGeometry.D3 => 3,
            _ => throw context.Unsupported($"geometry {I.Geometry}"),
        };
        if (I.Type is not (IrType.F32 or IrType.S32))
        {
            throw context.Unsupported($"coordinates of .{I.Type.ToString().ToLowerInvariant()}");
        }
        Shape handle = context.ShapeOf(I.Sources[0]);
        if (!handle.IsUniform)
        {
            throw context.Unsupported("a texture object that differs within a warp");
        }
        string descriptor = Descriptor(context.Source(0, "i64"));
        string type = I.Type == IrType.F32 ? "float" : "i32";
        string coordinates = string.Concat(
            Enumerable.Range(0, axes).Select(axis => ", " + B.Arg(B.Splat(context.Source(1 + axis, type))))
        );
        string function = context.Textures.Get(axes, I.Type == IrType.F32);
        string texel = context.LaneData;
        B.Line($"call void @{function}(ptr {descriptor}{coordinates}, ptr {texel})");
        for (int c = 0; c < I.Dests.Count; c++)
        {
            if (I.Dests[c].IsRegister)
            {
                context.Write(B.Load("i32", true, B.Offset(texel, 4L * c * context.Model.Lanes)), dest: c);
            }
        }
    }

    /// <summary>Checks the handle and gives the descriptor's address.</summary>
    private string Descriptor(Value handle)
    {
        string inTable = B.NewLabel("texture");
        string good = B.NewLabel("descriptor");
        string bad = B.NewLabel("badtexture");
        Value high = B.Binary("lshr", handle, 32);
        Value index = B.Binary("and", handle, 0xffff_ffffL);
        Value count = B.Resize(context.LaunchField(28, "i32"), "i64", false);
        Value known = B.Binary(
            "and",
            B.Compare("eq", high, KernelAbi.TextureHandleTag),
            B.Compare("ult", index, count)
        );
        B.Branch(known, inTable, bad, likely: true);
        B.Label(bad);
        context.RaiseFault(KernelFault.BadTexture, handle, context.FirstActiveLane());
        B.Label(inTable);
        Value offset = B.Binary("mul", index, 64);
        string descriptor = B.Offset(context.LaunchField(64, "ptr").Text, offset);
        Value start = B.Load("i64", false, descriptor);
        B.Branch(B.Compare("ne", start, 0), good, bad, likely: true);
        B.Label(good);
        return descriptor;
    }
}
