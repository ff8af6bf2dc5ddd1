namespace Weir.Generators.Model;

/// <summary>How a call is answered.</summary>
internal enum CallForm
{
    /// <summary>In the client, by handwritten code, from what it knows.</summary>
    Local,

    /// <summary>In the client, by handwritten code that sends wire operations of another shape.</summary>
    Custom,

    /// <summary>Sent without waiting; an error is latched.</summary>
    Post,

    /// <summary>Sent, and its answer awaited.</summary>
    Call,

    /// <summary>A wire operation that is posted; no export.</summary>
    PostOp,

    /// <summary>A wire operation that is awaited; no export.</summary>
    CallOp,

    /// <summary>Exported so that it is found, answers "not supported", counted.</summary>
    Refuse,
}

/// <summary>Which variants with the per-thread default stream a call has.</summary>
internal enum PerThreadForm
{
    /// <summary>None.</summary>
    None,

    /// <summary>Suffix <c>_ptsz</c>: the stream parameter 0 means stream 2.</summary>
    Stream,

    /// <summary>Suffix <c>_ptsz</c>, with a handwritten client function that has the suffix <c>PerThread</c>.</summary>
    Custom,

    /// <summary>Suffix <c>_ptds</c>: the asynchronous twin on stream 2, then its synchronisation.</summary>
    Twin,

    /// <summary>Suffix <c>_ptds</c>: the legacy call itself, which orders at least as much.</summary>
    Same,
}

/// <summary>One exported name and what <c>cuGetProcAddress</c> says of it.</summary>
/// <param name="Symbol">The ELF symbol.</param>
/// <param name="BaseName">The name that programs ask for; empty: not in the table.</param>
/// <param name="Since">First CUDA version that answers with this symbol (1000·major + 10·minor).</param>
/// <param name="PerThreadOf">For a per-thread variant: the symbol that it varies; else empty.</param>
internal sealed record ExportName(string Symbol, string BaseName, int Since, string PerThreadOf);

/// <summary>One line of the description; <c>Slot</c> is the place in the family's table, -1 for none.</summary>
internal sealed record ApiCall(
    int Number,
    CallForm Form,
    string Api,
    string Symbol,
    string Name,
    EquatableArray<ApiParameter> Parameters,
    EquatableArray<ExportName> Exports,
    PerThreadForm PerThread,
    string Twin,
    bool ClientCustom,
    bool WorkerCustom,
    bool Reports,
    bool Blocks,
    bool InDriver,
    string Returns,
    Carriage? Carriage,
    int Slot,
    string Doc
)
{
    /// <summary>Travels as a record, so it has a number.</summary>
    public bool Travels => Form is CallForm.Post or CallForm.Call or CallForm.PostOp or CallForm.CallOp;

    /// <summary>Waits for an answer.</summary>
    public bool Waits => Form is CallForm.Call or CallForm.CallOp;

    /// <summary>A wire operation without an export.</summary>
    public bool IsOp => Form is CallForm.PostOp or CallForm.CallOp;
}
