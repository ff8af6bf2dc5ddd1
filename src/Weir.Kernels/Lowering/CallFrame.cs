using Weir.Kernels.Ptx;

namespace Weir.Kernels.Lowering;

/// <summary>One instance of a function: the kernel itself, or a function inlined at one of its calls.</summary>
internal sealed class CallFrame(PtxFunction function, CallFrame? caller)
{
    /// <summary>The function.</summary>
    public PtxFunction Function => function;

    /// <summary>The instance that calls; null for the kernel.</summary>
    public CallFrame? Caller => caller;

    /// <summary>Calls above this one.</summary>
    public int Depth { get; } = caller is null ? 0 : caller.Depth + 1;

    /// <summary>Label behind the body, where ret goes; -1 in the kernel.</summary>
    public int ReturnLabel { get; init; } = -1;

    /// <summary>Local memory of this instance's own variables, bytes.</summary>
    public long LocalBytes { get; set; }

    /// <summary>True when the function is this instance's or one of a caller's.</summary>
    public bool IsActive(PtxFunction other) => ReferenceEquals(function, other) || (caller?.IsActive(other) ?? false);
}
