namespace Weir.Api;

/// <summary>Why a graph could not be instantiated.</summary>
public enum CUgraphInstantiateResult
{
    /// <summary>It could.</summary>
    Success = 0,

    /// <summary>For another reason, which the call's result says.</summary>
    Error = 1,

    /// <summary>It has a cycle.</summary>
    InvalidStructure = 2,

    /// <summary>A node cannot run so.</summary>
    NodeOperationNotSupported = 3,

    /// <summary>Its nodes are in several contexts.</summary>
    MultipleContextsNotSupported = 4,

    /// <summary>A condition is used by no node.</summary>
    ConditionalHandleUnused = 5,
}
