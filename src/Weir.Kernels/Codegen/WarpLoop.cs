namespace Weir.Kernels.Codegen;

/// <summary>Writes a loop over the warps of a block, and gives the warp's place its names.</summary>
internal sealed class WarpLoop
{
    private readonly KernelContext _context;
    private readonly int _recordBytes;
    private readonly int _localBytes;
    private readonly string _x;
    private readonly string _y;
    private readonly string _z;
    private readonly string _linear;
    private readonly string _record;

    /// <param name="context">The function.</param>
    /// <param name="recordBytes">Scratch of a warp for its record.</param>
    /// <param name="localBytes">Scratch of a warp for local memory, behind the record.</param>
    public WarpLoop(KernelContext context, int recordBytes, int localBytes)
    {
        _context = context;
        _recordBytes = recordBytes;
        _localBytes = localBytes;
        _x = context.B.Alloca("i32");
        _y = context.B.Alloca("i32");
        _z = context.B.Alloca("i32");
        _linear = context.B.Alloca("i32");
        _record = context.B.Alloca("ptr");
    }

    private LaneBuilder B => _context.B;

    private bool Rows => _context.Model.Rows;

    private static Value Zero => LaneBuilder.Int("i32", 0);

    private Value Threads
    {
        get
        {
            Value rows = _context.Head(
                $"mul i32 {_context.LaunchField(16, "i32").Text}, {_context.LaunchField(20, "i32").Text}",
                "i32"
            );
            return _context.Head($"mul i32 {rows.Text}, {_context.LaunchField(12, "i32").Text}", "i32");
        }
    }

    /// <summary>Starts the loop: what follows runs for each warp.</summary>
    public void Begin()
    {
        string p = _context.WarpPrefix;
        B.Store(Zero, _x);
        B.Store(Zero, _y);
        B.Store(Zero, _z);
        B.Store(Zero, _linear);
        B.Store(new Value("%scratch", "ptr", false), _record);
        B.Branch(p + "warp");
        B.Label(p + "warp");
        B.Line($"%{p}linear = load i32, ptr {_linear}");
        B.Line($"%{p}record = load ptr, ptr {_record}");
        B.Line($"%{p}local = getelementptr i8, ptr %{p}record, i64 {_recordBytes}");
        Value left;
        if (Rows)
        {
            B.Line($"%{p}tx = load i32, ptr {_x}");
            B.Line($"%{p}ty = load i32, ptr {_y}");
            B.Line($"%{p}tz = load i32, ptr {_z}");
            left = B.Binary("sub", _context.LaunchField(12, "i32"), _context.Warp("tx"));
        }
        else
        {
            left = B.Binary("sub", Threads, _context.Warp("linear"));
        }
        Value some = B.Compare("ult", left, B.Lanes);
        B.Line($"%{p}count = select i1 {some.Text}, i32 {left.Text}, i32 {B.Lanes}");
        if (!Rows)
        {
            B.Line(WarpEmitter.LinearPrologue(_context).TrimStart());
        }
    }

    /// <summary>Ends the loop.</summary>
    /// <param name="next">Label to which a warp goes that is done.</param>
    /// <param name="done">Label behind the loop.</param>
    public void End(string next, string done)
    {
        B.Label(next);
        Value count = _context.Warp("count");
        Value linear = B.Binary("add", _context.Warp("linear"), count);
        B.Store(linear, _linear);
        string record = B.Offset(_context.WarpName("record"), _recordBytes + _localBytes);
        B.Store(new Value(record, "ptr", false), _record);
        if (Rows)
        {
            Value x = B.Binary("add", _context.Warp("tx"), count);
            Value rowEnds = B.Compare("eq", x, _context.LaunchField(12, "i32"));
            B.Store(B.Select(rowEnds, Zero, x), _x);
            Value y = B.Binary("add", _context.Warp("ty"), B.Resize(rowEnds, "i32", false));
            Value layerEnds = B.Compare("eq", y, _context.LaunchField(16, "i32"));
            B.Store(B.Select(layerEnds, Zero, y), _y);
            B.Store(B.Binary("add", _context.Warp("tz"), B.Resize(layerEnds, "i32", false)), _z);
        }
        B.Branch(B.Compare("eq", linear, Threads), done, _context.WarpPrefix + "warp");
        B.Label(done);
    }
}
