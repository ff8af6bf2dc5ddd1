using System.Text;
using Weir.Kernels.Abi;

namespace Weir.Kernels.Codegen;

/// <summary>
/// The exported function: runs block after block. Without barriers each vector of threads runs once, to its end. With
/// barriers the vectors of a block are run in rounds, each until it waits; after a round in which nobody could go on
/// and no barrier became complete, the block is dead.
/// </summary>
/// <param name="lanes">Lanes of a vector.</param>
/// <param name="trueWarps">There is a second variant for blocks whose rows are no multiple of a warp.</param>
/// <param name="barriers">The kernel has barriers.</param>
/// <param name="counted">Arrivals are counted; else one round is one barrier.</param>
/// <param name="recordBytes">Scratch of a vector for what it keeps across barriers.</param>
/// <param name="localBytes">Scratch of a vector for local memory.</param>
/// <param name="used">Numbers of the barriers in use.</param>
/// <param name="continuations">Places behind barriers.</param>
/// <param name="byBlocks">There are functions that run a whole block.</param>
/// <param name="epochs">Blocks and rounds between barriers are counted in the thread record.</param>
internal sealed class DriverText(
    int lanes,
    bool trueWarps,
    bool barriers,
    bool counted,
    int recordBytes,
    int localBytes,
    IReadOnlyList<int> used,
    int continuations,
    bool byBlocks,
    bool epochs
)
{
    private readonly StringBuilder _text = new();

    /// <summary>Writes the function.</summary>
    public string Write()
    {
        _text.Append(
            $$"""
            define i32 @{{KernelAbi.EntrySymbol}}(ptr noalias align 8 dereferenceable(128) %launch, ptr noalias align 8 dereferenceable(128) %thread, i64 %firstblock, i64 %endblock) #2 {
            entry:
              %xs = alloca i32
              %ys = alloca i32
              %zs = alloca i32
              %ls = alloca i32
              %rs = alloca ptr
              %rans = alloca i1
              %alls = alloca i1
              %gx = load i32, ptr %launch, !invariant.load !0
              %gyp = getelementptr i8, ptr %launch, i64 4
              %gy = load i32, ptr %gyp, !invariant.load !0
              %bxp = getelementptr i8, ptr %launch, i64 12
              %bx = load i32, ptr %bxp, !invariant.load !0
              %byp = getelementptr i8, ptr %launch, i64 16
              %by = load i32, ptr %byp, !invariant.load !0
              %bzp = getelementptr i8, ptr %launch, i64 20
              %bz = load i32, ptr %bzp, !invariant.load !0
              %byz = mul i32 %by, %bz
              %threads = mul i32 %bx, %byz
              %scp = getelementptr i8, ptr %thread, i64 16
              %scratch = load ptr, ptr %scp, !invariant.load !0
              %records = getelementptr i8, ptr %scratch, i64 {{(counted ? BarrierProtocol.FixedBytes : 0)}}
              %bxr = urem i32 %bx, {{lanes}}
              %full = icmp eq i32 %bxr, 0
              %flat = icmp eq i32 %byz, 1
              %aligned = or i1 %full, %flat
              %some = icmp ult i64 %firstblock, %endblock
              br i1 %some, label %start, label %return
            return:
              ret i32 0
            start:
              %gx64 = zext i32 %gx to i64
              %gy64 = zext i32 %gy to i64
              %row0 = udiv i64 %firstblock, %gx64
              %cx064 = urem i64 %firstblock, %gx64
              %cz064 = udiv i64 %row0, %gy64
              %cy064 = urem i64 %row0, %gy64
              %cx0 = trunc i64 %cx064 to i32
              %cy0 = trunc i64 %cy064 to i32
              %cz0 = trunc i64 %cz064 to i32
              br label %block
            block:
              %b = phi i64 [ %firstblock, %start ], [ %bn, %nextblock ]
              %cx = phi i32 [ %cx0, %start ], [ %cxn, %nextblock ]
              %cy = phi i32 [ %cy0, %start ], [ %cyn, %nextblock ]
              %cz = phi i32 [ %cz0, %start ], [ %czn, %nextblock ]

            """
        );
        if (epochs)
        {
            _text.Append(EpochText("block"));
            _text.Append("  %firstp = getelementptr i8, ptr %thread, i64 88\n  store i64 %blockepoch2, ptr %firstp\n");
        }
        if (byBlocks)
        {
            WriteBlock();
        }
        else if (barriers)
        {
            WriteRounds();
        }
        else
        {
            WriteNest("run", "nextblock");
        }
        _text.Append(
            """
            nextblock:
              %cx1 = add i32 %cx, 1
              %xend = icmp eq i32 %cx1, %gx
              %cxn = select i1 %xend, i32 0, i32 %cx1
              %cyi = zext i1 %xend to i32
              %cy1 = add i32 %cy, %cyi
              %yend = icmp eq i32 %cy1, %gy
              %cyn = select i1 %yend, i32 0, i32 %cy1
              %czi = zext i1 %yend to i32
              %czn = add i32 %cz, %czi
              %bn = add i64 %b, 1
              %bend = icmp eq i64 %bn, %endblock
              br i1 %bend, label %return, label %block
            }

            """
        );
        return _text.ToString();
    }

    /// <summary>Counts the epoch up; names of values begin with <paramref name="p"/>.</summary>
    public static string EpochText(string p) =>
        $$"""
              %{{p}}epochp = getelementptr i8, ptr %thread, i64 80
              %{{p}}epoch1 = load i64, ptr %{{p}}epochp
              %{{p}}epoch2 = add i64 %{{p}}epoch1, 1
              store i64 %{{p}}epoch2, ptr %{{p}}epochp

            """;

    private void WriteBlock()
    {
        if (!trueWarps)
        {
            WriteBlockCall("rows");
            return;
        }
        _text.Append("  br i1 %aligned, label %runrows, label %runlinear\nrunrows:\n");
        WriteBlockCall("rows");
        _text.Append("runlinear:\n");
        WriteBlockCall("linear");
    }

    private void WriteBlockCall(string variant) =>
        _text.Append(
            $$"""
              %status{{variant}} = call i32 @block_{{variant}}(ptr %launch, ptr %thread, i64 %b, i32 %cx, i32 %cy, i32 %cz, ptr %scratch)
              %fine{{variant}} = icmp eq i32 %status{{variant}}, 0
              br i1 %fine{{variant}}, label %nextblock, label %not{{variant}}, !prof !1
            not{{variant}}:
              ret i32 %status{{variant}}

            """
        );

    private void WriteRounds()
    {
        int header = 16 + 16 * continuations;
        _text.Append("  br label %init\ninit:\n");
        if (counted)
        {
            WriteFixed();
        }
        WriteNest(
            "init",
            "round",
            () =>
            {
                for (int offset = 0; offset < header; offset += 16)
                {
                    _text.Append(
                        $"  %hp{offset} = getelementptr i8, ptr %RECORD, i64 {offset}\n  store <4 x i32> zeroinitializer, ptr %hp{offset}, align 16\n"
                    );
                }
            }
        );
        _text.Append("round:\n  store i1 false, ptr %rans\n  store i1 true, ptr %alls\n");
        _text.Append(epochs ? EpochText("round") : "");
        WriteNest("run", "roundend");
        if (!counted)
        {
            _text.Append("roundend:\n  %all = load i1, ptr %alls\n  br i1 %all, label %nextblock, label %round\n");
            return;
        }
        _text.Append(
            "roundend:\n  %ran = load i1, ptr %rans\n  %all = load i1, ptr %alls\n  br i1 %all, label %nextblock, label %finish\nfinish:\n"
        );
        string progress = "%ran";
        for (int n = 0; n < used.Count; n++)
        {
            _text.Append(
                $"  %fin{n} = call i1 @bar_finish(ptr %scratch, i32 {used[n]})\n  %prog{n} = or i1 {progress}, %fin{n}\n"
            );
            progress = $"%prog{n}";
        }
        _text.Append(
            $$"""
              br i1 {{progress}}, label %round, label %dead
            dead:
              call void @weir_fault(ptr %thread, i32 {{(uint)KernelFault.BarrierDeadlock}}, i32 0, i64 0, i64 %b, i32 0)
              ret i32 {{(uint)KernelFault.BarrierDeadlock}}

            """
        );
    }

    private void WriteFixed()
    {
        for (int offset = 0; offset < BarrierProtocol.AliveOffset; offset += 64)
        {
            _text.Append(
                $"  %zp{offset} = getelementptr i8, ptr %scratch, i64 {offset}\n  store <16 x i32> zeroinitializer, ptr %zp{offset}, align 64\n"
            );
        }
        _text.Append(
            $$"""
              %alivep = getelementptr i8, ptr %scratch, i64 {{BarrierProtocol.AliveOffset}}
              store i32 %threads, ptr %alivep

            """
        );
    }

    /// <summary>Writes the loops over the vectors of a block, in one or two variants.</summary>
    private void WriteNest(string name, string after, Action? body = null)
    {
        if (!trueWarps)
        {
            WriteRows(name, "warp_rows", after, body);
            return;
        }
        _text.Append($"  br i1 %aligned, label %{name}rows, label %{name}linear\n{name}rows:\n");
        WriteRows(name + "r", "warp_rows", after, body);
        _text.Append($"{name}linear:\n");
        WriteLinear(name + "l", after, body);
    }

    private void WriteRows(string p, string function, string after, Action? body)
    {
        _text.Append(
            $$"""
              store i32 0, ptr %zs
              store i32 0, ptr %ls
              store ptr %records, ptr %rs
              br label %{{p}}z
            {{p}}z:
              store i32 0, ptr %ys
              br label %{{p}}y
            {{p}}y:
              store i32 0, ptr %xs
              br label %{{p}}x
            {{p}}x:
              %{{p}}x0 = load i32, ptr %xs
              %{{p}}y0 = load i32, ptr %ys
              %{{p}}z0 = load i32, ptr %zs
              %{{p}}l0 = load i32, ptr %ls
              %{{p}}rec = load ptr, ptr %rs
              %{{p}}left = sub i32 %bx, %{{p}}x0
              %{{p}}short = icmp ult i32 %{{p}}left, {{lanes}}
              %{{p}}count = select i1 %{{p}}short, i32 %{{p}}left, i32 {{lanes}}

            """
        );
        WriteCall(p, function, $"%{p}x0", $"%{p}y0", $"%{p}z0", body);
        _text.Append(
            $$"""
              %{{p}}xn = add i32 %{{p}}x0, %{{p}}count
              store i32 %{{p}}xn, ptr %xs
              %{{p}}ln = add i32 %{{p}}l0, %{{p}}count
              store i32 %{{p}}ln, ptr %ls
              %{{p}}rn = getelementptr i8, ptr %{{p}}rec, i64 {{(barriers ? recordBytes + localBytes : 0)}}
              store ptr %{{p}}rn, ptr %rs
              %{{p}}xe = icmp eq i32 %{{p}}xn, %bx
              br i1 %{{p}}xe, label %{{p}}yn, label %{{p}}x
            {{p}}yn:
              %{{p}}y1 = load i32, ptr %ys
              %{{p}}y2 = add i32 %{{p}}y1, 1
              store i32 %{{p}}y2, ptr %ys
              %{{p}}ye = icmp eq i32 %{{p}}y2, %by
              br i1 %{{p}}ye, label %{{p}}zn, label %{{p}}y
            {{p}}zn:
              %{{p}}z1 = load i32, ptr %zs
              %{{p}}z2 = add i32 %{{p}}z1, 1
              store i32 %{{p}}z2, ptr %zs
              %{{p}}ze = icmp eq i32 %{{p}}z2, %bz
              br i1 %{{p}}ze, label %{{after}}, label %{{p}}z

            """
        );
    }

    private void WriteLinear(string p, string after, Action? body)
    {
        _text.Append(
            $$"""
              store i32 0, ptr %ls
              store ptr %records, ptr %rs
              br label %{{p}}x
            {{p}}x:
              %{{p}}l0 = load i32, ptr %ls
              %{{p}}rec = load ptr, ptr %rs
              %{{p}}left = sub i32 %threads, %{{p}}l0
              %{{p}}short = icmp ult i32 %{{p}}left, {{lanes}}
              %{{p}}count = select i1 %{{p}}short, i32 %{{p}}left, i32 {{lanes}}

            """
        );
        WriteCall(p, "warp_linear", "0", "0", "0", body);
        _text.Append(
            $$"""
              %{{p}}ln = add i32 %{{p}}l0, %{{p}}count
              store i32 %{{p}}ln, ptr %ls
              %{{p}}rn = getelementptr i8, ptr %{{p}}rec, i64 {{(barriers ? recordBytes + localBytes : 0)}}
              store ptr %{{p}}rn, ptr %rs
              %{{p}}xe = icmp eq i32 %{{p}}ln, %threads
              br i1 %{{p}}xe, label %{{after}}, label %{{p}}x

            """
        );
    }

    private void WriteCall(string p, string function, string tx, string ty, string tz, Action? body)
    {
        if (body is not null)
        {
            int start = _text.Length;
            body();
            _text.Replace("%RECORD", $"%{p}rec", start, _text.Length - start);
            _text.Replace("%hp", $"%{p}hp", start, _text.Length - start);
            return;
        }
        string local = barriers ? $"%{p}local" : "%scratch";
        if (barriers)
        {
            _text.Append(
                $$"""
                  %{{p}}state = load i32, ptr %{{p}}rec
                  %{{p}}over = icmp eq i32 %{{p}}state, {{WarpRecord.Done}}
                  br i1 %{{p}}over, label %{{p}}skip, label %{{p}}go
                {{p}}go:
                  %{{p}}local = getelementptr i8, ptr %{{p}}rec, i64 {{recordBytes}}

                """
            );
        }
        _text.Append(
            $$"""
              %{{p}}status = call i32 @{{function}}(ptr %launch, ptr %thread, i64 %b, i32 %cx, i32 %cy, i32 %cz, i32 {{tx}}, i32 {{ty}}, i32 {{tz}}, i32 %{{p}}count, i32 %{{p}}l0, ptr {{local}}, ptr %{{p}}rec, ptr %scratch)
              %{{p}}fine = icmp eq i32 %{{p}}status, 0
              br i1 %{{p}}fine, label %{{p}}ok, label %{{p}}not, !prof !1

            """
        );
        if (barriers)
        {
            _text.Append(
                $$"""
                {{p}}not:
                  %{{p}}waits = icmp eq i32 %{{p}}status, {{WarpEmitter.StillWaiting}}
                  br i1 %{{p}}waits, label %{{p}}still, label %{{p}}bad
                {{p}}bad:
                  ret i32 %{{p}}status
                {{p}}ok:
                  store i1 true, ptr %rans
                  br label %{{p}}still
                {{p}}still:
                  %{{p}}state2 = load i32, ptr %{{p}}rec
                  %{{p}}over2 = icmp eq i32 %{{p}}state2, {{WarpRecord.Done}}
                  %{{p}}all1 = load i1, ptr %alls
                  %{{p}}all2 = and i1 %{{p}}all1, %{{p}}over2
                  store i1 %{{p}}all2, ptr %alls
                  br label %{{p}}skip
                {{p}}skip:

                """
            );
            return;
        }
        _text.Append($"{p}not:\n  ret i32 %{p}status\n{p}ok:\n");
    }
}
