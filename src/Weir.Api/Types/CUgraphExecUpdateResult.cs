namespace Weir.Api;

/// <summary>Why a graph could not replace the one that was instantiated.</summary>
public enum CUgraphExecUpdateResult
{
    /// <summary>It could.</summary>
    Success = 0,

    /// <summary>For another reason, which the call's result says.</summary>
    Error = 1,

    /// <summary>Nodes or dependencies differ.</summary>
    TopologyChanged = 2,

    /// <summary>A node does something else.</summary>
    NodeTypeChanged = 3,

    /// <summary>A node's function differs in a way that is not supported.</summary>
    FunctionChanged = 4,

    /// <summary>Parameters differ that may not.</summary>
    ParametersChanged = 5,

    /// <summary>The node cannot be updated.</summary>
    NotSupported = 6,

    /// <summary>The change of function is not supported.</summary>
    UnsupportedFunctionChange = 7,

    /// <summary>Attributes differ that may not.</summary>
    AttributesChanged = 8,
}
