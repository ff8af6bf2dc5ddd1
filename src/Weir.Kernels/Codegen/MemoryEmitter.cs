using System.Globalization;
using Weir.Kernels.Analysis;
using Weir.Kernels.Ir;

namespace Weir.Kernels.Codegen;

/// <summary>
/// Loads and stores. Every address is checked before the access: one comparison for a uniform or contiguous one, one
/// per lane otherwise. What fails the quick check goes to a <see cref="LaneHelpers"/> function, which either finds the
/// fault or does what the quick way could not.
/// </summary>
internal sealed class MemoryEmitter
{
    private readonly AccessChecks _checks;
    private readonly LaneCalls _calls;
    private readonly LoadEmitter _loads;
    private readonly StoreEmitter _stores;

    public MemoryEmitter(KernelContext context)
    {
        _checks = new AccessChecks(context);
        _calls = new LaneCalls(context, _checks);
        AddressEmitter addresses = new(context, _checks);
        LocalRows rows = new(context, _calls);
        _loads = new LoadEmitter(context, _checks, addresses, _calls, rows);
        _stores = new StoreEmitter(context, _checks, addresses, _calls, rows);
    }

    /// <summary>
    /// Set while the form of a piece is emitted that runs when the check ahead failed: all accesses go lane by lane.
    /// </summary>
    public bool ByLanes
    {
        set
        {
            _loads.ByLanes = value;
            _stores.ByLanes = value;
        }
    }

    /// <summary>See <see cref="AccessChecks.CheckAhead"/>.</summary>
    public Value? CheckAhead(CodeNode node) => _checks.CheckAhead(node);

    /// <summary>See <see cref="LaneCalls.CallLanes"/>.</summary>
    public void CallLanes(string function, Value active, string data) => _calls.CallLanes(function, active, data);

    /// <summary>Emits ld.</summary>
    public void Load() => _loads.Load();

    /// <summary>Emits st.</summary>
    public void Store() => _stores.Store();

    /// <summary>LLVM type in which values of a PTX type lie in memory.</summary>
    public static string ElementType(IrType type) =>
        type switch
        {
            IrType.F32 => "float",
            IrType.F64 => "double",
            _ => "i" + IrTypes.Bits(type).ToString(CultureInfo.InvariantCulture),
        };
}
