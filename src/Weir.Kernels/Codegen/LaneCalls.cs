using System.Globalization;
using Weir.Kernels.Ir;

namespace Weir.Kernels.Codegen;

/// <summary>Calls the functions of <see cref="LaneHelpers"/> for the operation at hand.</summary>
internal sealed class LaneCalls(KernelContext context, AccessChecks checks)
{
    private LaneBuilder B => context.B;

    private int Lanes => context.Model.Lanes;

    /// <summary>Calls a per-lane function for the operation's address and leaves the kernel when it finds a fault.</summary>
    /// <param name="function">Name in <see cref="LaneHelpers"/>.</param>
    /// <param name="active">Lanes as bits.</param>
    /// <param name="data">Memory that holds the operands and receives the results.</param>
    public void CallLanes(string function, Value active, string data)
    {
        Value status = B.Assign(
            $"call i32 @{function}(ptr %launch, ptr %thread, i64 %block, {B.Arg(context.Warp("linear"))}, ptr {context.WarpName("local")}, "
                + $"i32 {context.Instruction.Line}, {B.Arg(active)}, {LaneAddresses()}, ptr {data})",
            "i32",
            false
        );
        string failed = B.NewLabel("failed");
        string passed = B.NewLabel("passed");
        B.Branch(B.Compare("eq", status, 0), passed, failed, likely: true);
        B.Label(failed);
        B.Line($"ret i32 {status.Text}");
        B.Label(passed);
    }

    /// <summary>The address arguments of a per-lane function.</summary>
    private string LaneAddresses()
    {
        IrInstruction i = context.Instruction;
        string type = checks.AddressType(i);
        if (context.ShapeOf(i.Address).IsVarying)
        {
            Value addresses = B.Binary("add", context.Read(i.Address, type), i.AddressOffset);
            B.Store(B.Resize(addresses, "i64", signed: false), context.LaneList);
            return $"i64 0, i64 0, i64 0, i64 0, i64 0, ptr {context.LaneList}";
        }
        AffineValue address = context.ReadAffine(i.Address, type);
        Value start = B.Resize(B.Binary("add", address.Base, i.AddressOffset), "i64", signed: false);
        string lane = address.BreakLane is { } at
            ? B.Resize(at, "i64", false).Text
            : Lanes.ToString(CultureInfo.InvariantCulture);
        long wrap = type == "i32" ? uint.MaxValue : -1;
        return $"i64 {start.Text}, i64 {address.Stride}, i64 {wrap}, i64 {lane}, i64 {address.Delta?.Text ?? "0"}, ptr null";
    }

    /// <summary>Loads lane by lane.</summary>
    public Value[] LoadByLanes(MemoryAccess access)
    {
        string data = context.LaneData;
        CallLanes(
            context.Helpers.Load(context.Instruction.Space, access.Type, access.Count, context.Instruction.Flag),
            context.ActiveBits,
            data
        );
        Value[] values = new Value[access.Count];
        for (int e = 0; e < values.Length; e++)
        {
            values[e] = B.Load(
                access.Type,
                true,
                B.Offset(data, e * access.ElementBytes * Lanes),
                $", align {access.ElementBytes}"
            );
        }
        return values;
    }

    /// <summary>Stores lane by lane.</summary>
    public void StoreByLanes(MemoryAccess access, Value[] values)
    {
        string data = context.LaneData;
        for (int e = 0; e < values.Length; e++)
        {
            B.Store(
                B.Splat(values[e]),
                B.Offset(data, e * access.ElementBytes * Lanes),
                $", align {access.ElementBytes}"
            );
        }
        CallLanes(
            context.Helpers.Store(context.Instruction.Space, access.Type, access.Count, context.Instruction.Flag),
            context.ActiveBits,
            data
        );
    }
}
