using System.Globalization;
using System.Text;
using Weir.Kernels.Abi;
using Weir.Kernels.Ir;

namespace Weir.Kernels.Codegen;

/// <summary>What an access does to memory.</summary>
internal enum AccessKind
{
    Load,
    Store,
    Atomic,
}

/// <summary>
/// The functions of checked code that look at one access of one thread: whether global memory is allocated, whether shared memory has been
/// written, and whether another warp accesses it between the same two barriers.
/// </summary>
/// <param name="unit">Bytes of shared memory that are told apart: 4 when the kernel has no narrower access to it, else 1.</param>
/// <param name="races">The kernel's barriers are such that epochs tell what is ordered.</param>
internal sealed class WatchText(int unit, bool races)
{
    private const int Atomically = KernelThread.SeveralThreads - 1;
    private readonly Dictionary<string, string> _functions = [];

    /// <summary>Bytes of shared memory that are told apart.</summary>
    public int Unit => unit;

    /// <summary>True when epochs tell what is ordered.</summary>
    public bool Races => races;

    /// <summary>Text of all functions used.</summary>
    public string Text => _functions.Count == 0 ? "" : Report + string.Concat(_functions.Values);

    /// <summary>Marks the function that reports as used; its name.</summary>
    public string Reporter()
    {
        _functions.TryAdd("", "");
        return "watch_report";
    }

    /// <summary>
    /// Name of <c>i1 f(launch, thread, block, who, line, offset in the window, address)</c>: true when the access may be done.
    /// </summary>
    public string Global(AccessKind kind, int bytes)
    {
        string name = $"watch_global_{Name(kind)}_{bytes}";
        _functions.TryAdd(name, GlobalText(name, kind, bytes));
        return name;
    }

    /// <summary>Name of <c>void f(launch, thread, block, who, line, offset in shared memory)</c>.</summary>
    public string Shared(AccessKind kind, int bytes, bool isOrdered)
    {
        string name = $"watch_shared_{Name(kind)}_{bytes}{(isOrdered ? "_ordered" : "")}";
        _functions.TryAdd(name, SharedText(name, kind, bytes, isOrdered));
        return name;
    }

    /// <summary>First argument of a report.</summary>
    public static uint Code(AccessFault fault, AccessKind kind, int bytes) =>
        (uint)fault | (kind == AccessKind.Load ? 0 : 256u) | (uint)bytes << 16;

    /// <summary>Bytes that an instruction's shared accesses are told apart by.</summary>
    public static int UnitOf(IrFunction function) =>
        function.Blocks.All(block =>
            block.Instructions.All(i =>
                i.Op is not (IrOp.Ld or IrOp.St or IrOp.Atom or IrOp.Red)
                || i.Space is not (IrSpace.Shared or IrSpace.Generic)
                || IrTypes.Bits(i.Type) >= 32
            )
        )
            ? 4
            : 1;

    private static string Name(AccessKind kind) => kind.ToString().ToLowerInvariant();

    private static string GlobalText(string name, AccessKind kind, int bytes)
    {
        int first = Math.Min(bytes, 8);
        string rest =
            bytes <= 8
                ? "  %good = icmp ule i64 %end, %have\n"
                : """
                      %good1 = icmp ule i64 %end, %have
                      %nextp = getelementptr i8, ptr %place, i64 1
                      %next = load i8, ptr %nextp
                      %good2 = icmp eq i8 %next, 8
                      %good = and i1 %good1, %good2

                    """;
        return $$"""
            define internal i1 @{{name}}(ptr %launch, ptr %thread, i64 %block, i32 %who, i32 %line, i64 %offset, i64 %address) #2 {
            entry:
              %sizep = getelementptr i8, ptr %launch, i64 112
              %size = load i64, ptr %sizep
              %known = icmp ult i64 %offset, %size
              br i1 %known, label %look, label %fine
            fine:
              ret i1 true
            look:
              %shadowp = getelementptr i8, ptr %launch, i64 104
              %shadow = load ptr, ptr %shadowp
              %index = lshr i64 %offset, 3
              %place = getelementptr i8, ptr %shadow, i64 %index
              %mark = load i8, ptr %place
              %was = icmp eq i8 %mark, {{KernelAbi.FreedShadow}}
              %valid = select i1 %was, i8 0, i8 %mark
              %have = zext i8 %valid to i64
              %low = and i64 %offset, 7
              %end = add i64 %low, {{first}}
            {{rest}}  br i1 %good, label %fine, label %bad
            bad:
              %code = select i1 %was, i64 {{Code(AccessFault.UseAfterFree, kind, bytes)}}, i64 {{Code(
                AccessFault.OutOfBounds,
                kind,
                bytes
            )}}
              call void @watch_report(ptr %launch, ptr %thread, i64 %block, i32 %who, i32 %line, i64 %code, i64 %address, i64 0)
              ret i1 false
            }

            """;
    }

    private string SharedText(string name, AccessKind kind, int bytes, bool isOrdered)
    {
        int count = Math.Max(1, bytes / unit);
        StringBuilder text = new();
        text.Append(
            CultureInfo.InvariantCulture,
            $$"""
            define internal void @{{name}}(ptr %launch, ptr %thread, i64 %block, i32 %who, i32 %line, i64 %offset) #2 {
            entry:
              %ep = getelementptr i8, ptr %thread, i64 80
              %epoch = load i64, ptr %ep
              %bp = getelementptr i8, ptr %thread, i64 88
              %first = load i64, ptr %bp
              %wp = getelementptr i8, ptr %thread, i64 96
              %writes = load ptr, ptr %wp
              %rp = getelementptr i8, ptr %thread, i64 104
              %reads = load ptr, ptr %rp
              %me = zext i32 %who to i64
              %warp = lshr i64 %me, 5
              %now = shl i64 %epoch, 16
              %mine = or i64 %now, %me
              %atomic = or i64 %now, {{Atomically}}
              %several = or i64 %now, {{KernelThread.SeveralThreads}}
              %start = udiv i64 %offset, {{unit}}

            """
        );
        string uninitialised = "false";
        string race = "false";
        string other = "0";
        for (int n = 0; n < count; n++)
        {
            text.Append(
                CultureInfo.InvariantCulture,
                $$"""
                  %i{{n}} = add i64 %start, {{n}}
                  %wa{{n}} = getelementptr i64, ptr %writes, i64 %i{{n}}
                  %ra{{n}} = getelementptr i64, ptr %reads, i64 %i{{n}}
                  %w{{n}} = load i64, ptr %wa{{n}}
                  %r{{n}} = load i64, ptr %ra{{n}}
                  %we{{n}} = lshr i64 %w{{n}}, 16
                  %re{{n}} = lshr i64 %r{{n}}, 16
                  %wt{{n}} = and i64 %w{{n}}, 65535
                  %rt{{n}} = and i64 %r{{n}}, 65535
                  %ww{{n}} = lshr i64 %wt{{n}}, 5
                  %rw{{n}} = lshr i64 %rt{{n}}, 5
                  %wnow{{n}} = icmp eq i64 %we{{n}}, %epoch
                  %rnow{{n}} = icmp eq i64 %re{{n}}, %epoch
                  %wfar{{n}} = icmp ne i64 %ww{{n}}, %warp
                  %rfar{{n}} = icmp ne i64 %rw{{n}}, %warp
                  %wc{{n}} = and i1 %wnow{{n}}, %wfar{{n}}
                  %rc{{n}} = and i1 %rnow{{n}}, %rfar{{n}}
                  %wplain{{n}} = icmp ne i64 %wt{{n}}, {{Atomically}}
                  %wcp{{n}} = and i1 %wc{{n}}, %wplain{{n}}
                  %rnext{{n}} = select i1 %rc{{n}}, i64 %several, i64 %mine
                  %fresh{{n}} = icmp ult i64 %we{{n}}, %first
                  %un{{n}} = or i1 {{uninitialised}}, %fresh{{n}}

                """
            );
            uninitialised = $"%un{n}";
            string conflict = kind switch
            {
                AccessKind.Load => $"  %c{n} = and i1 %wc{n}, true\n",
                AccessKind.Store => $"  %c{n} = or i1 %wc{n}, %rc{n}\n",
                _ => $"  %c{n} = or i1 %wcp{n}, %rc{n}\n",
            };
            text.Append(conflict);
            text.Append(
                kind switch
                {
                    AccessKind.Load => $"  store i64 %rnext{n}, ptr %ra{n}\n",
                    AccessKind.Store => $"  store i64 %mine, ptr %wa{n}\n",
                    _ => $"  store i64 %atomic, ptr %wa{n}\n",
                }
            );
            text.Append(
                CultureInfo.InvariantCulture,
                $"  %race{n} = or i1 {race}, %c{n}\n  %who{n} = select i1 %wc{n}, i64 %wt{n}, i64 %rt{n}\n"
                    + $"  %other{n} = select i1 %c{n}, i64 %who{n}, i64 {other}\n"
            );
            race = $"%race{n}";
            other = $"%other{n}";
        }
        string isFresh = kind == AccessKind.Store ? "false" : uninitialised;
        string isRace = races && !isOrdered ? race : "false";
        text.Append(
            CultureInfo.InvariantCulture,
            $$"""
              br i1 {{isFresh}}, label %fresh, label %ordered
            fresh:
              call void @watch_report(ptr %launch, ptr %thread, i64 %block, i32 %who, i32 %line, i64 {{Code(
                AccessFault.Uninitialised,
                kind,
                bytes
            )}}, i64 %offset, i64 0)
              br label %out
            ordered:
              br i1 {{isRace}}, label %race, label %out
            race:
              call void @watch_report(ptr %launch, ptr %thread, i64 %block, i32 %who, i32 %line, i64 {{Code(
                AccessFault.Race,
                kind,
                bytes
            )}}, i64 %offset, i64 {{other}})
              br label %out
            out:
              ret void
            }

            """
        );
        return text.ToString();
    }

    private const string Report = """
        define internal void @watch_report(ptr %launch, ptr %thread, i64 %block, i32 %who, i32 %line, i64 %code, i64 %address, i64 %other) #1 {
        entry:
          %call = alloca [12 x i64], align 16
          %f4 = getelementptr i8, ptr %call, i64 4
          %f8 = getelementptr i8, ptr %call, i64 8
          %f16 = getelementptr i8, ptr %call, i64 16
          %f40 = getelementptr i8, ptr %call, i64 40
          %f48 = getelementptr i8, ptr %call, i64 48
          %f56 = getelementptr i8, ptr %call, i64 56
          store i32 4, ptr %call
          store i32 %line, ptr %f4
          store i64 %block, ptr %f8
          store i32 %who, ptr %f16
          store i64 %code, ptr %f40
          store i64 %address, ptr %f48
          store i64 %other, ptr %f56
          %hp = getelementptr i8, ptr %launch, i64 80
          %helpers = load ptr, ptr %hp
          %fp = getelementptr ptr, ptr %helpers, i64 6
          %function = load ptr, ptr %fp
          %status = call i32 %function(ptr %launch, ptr %thread, ptr %call)
          ret void
        }

        """;
}
