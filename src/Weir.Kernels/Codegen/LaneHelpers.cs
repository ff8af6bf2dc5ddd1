using System.Globalization;
using System.Text;
using Weir.Kernels.Abi;
using Weir.Kernels.Ir;

namespace Weir.Kernels.Codegen;

/// <summary>
/// Functions of the module that do a memory operation lane by lane, resolving and checking each address exactly. They
/// are the slow path of every access (where a fault is found and recorded), and the only path of atomics.
/// <para>
/// Signature: <c>i32 f(launch, thread, block, linear, local, line, active lanes as bits, base, stride, wrap, break lane,
/// delta, i64 addresses[lanes] or null, data[elements][lanes])</c>; the result is a <see cref="KernelFault"/>. Without a
/// list, lane n has address (base + n·stride, from the break lane on + delta) and wrap.
/// </para>
/// </summary>
internal sealed class LaneHelpers(int lanes, int localBytes, int parameterBytes, WatchText? watch = null)
{
    private readonly Dictionary<string, string> _functions = [];

    /// <summary>Text of all functions used.</summary>
    public string Text => string.Concat(_functions.Values);

    /// <summary>Intrinsics that the text needs.</summary>
    public string Declarations => _functions.Count == 0 ? "" : $"declare i{lanes} @llvm.cttz.i{lanes}(i{lanes}, i1)\n";

    /// <summary>Name of the function that loads.</summary>
    public string Load(IrSpace space, string type, int elements, bool isOrdered) =>
        Get(
            $"lane_ld_{Name(space)}_{type}x{elements}{Suffix(isOrdered)}",
            space,
            type,
            elements,
            (text, element, pointer) =>
                text.Append(
                    $"  %v{element} = load {type}, ptr {pointer}, align 1\n  store {type} %v{element}, ptr %slot{element}, align 1\n"
                ),
            AccessKind.Load,
            isOrdered
        );

    /// <summary>Name of the function that stores.</summary>
    public string Store(IrSpace space, string type, int elements, bool isOrdered) =>
        Get(
            $"lane_st_{Name(space)}_{type}x{elements}{Suffix(isOrdered)}",
            space,
            type,
            elements,
            (text, element, pointer) =>
                text.Append(
                    $"  %v{element} = load {type}, ptr %slot{element}, align 1\n  store {type} %v{element}, ptr {pointer}, align 1\n"
                ),
            AccessKind.Store,
            isOrdered
        );

    /// <summary>Name of the function that does an atomic; the first operand's slots receive the old values.</summary>
    public string Atomic(IrSpace space, string type, string operation)
    {
        int operands = operation == "cas" ? 2 : 1;
        if (HalfAtomics.Has(operation))
        {
            _functions.TryAdd("atomic_" + operation, HalfAtomics.Text(operation));
        }
        return Get(
            $"lane_{operation}_{Name(space)}_{type}",
            space,
            type,
            operands,
            (text, element, pointer) =>
            {
                if (element != operands - 1)
                {
                    return;
                }
                text.Append($"  %a = load {type}, ptr %slot0, align 1\n");
                if (operation == "cas")
                {
                    text.Append($"  %b = load {type}, ptr %slot1, align 1\n");
                    text.Append($"  %pair = cmpxchg ptr {pointer}, {type} %a, {type} %b seq_cst seq_cst\n");
                    text.Append($"  %old = extractvalue {{ {type}, i1 }} %pair, 0\n");
                }
                else if (HalfAtomics.Has(operation))
                {
                    text.Append($"  %old = call {type} @atomic_{operation}(ptr {pointer}, {type} %a)\n");
                }
                else
                {
                    text.Append($"  %old = atomicrmw {operation} ptr {pointer}, {type} %a seq_cst\n");
                }
                text.Append($"  store {type} %old, ptr %slot0, align 1\n");
            },
            AccessKind.Atomic,
            isOrdered: false
        );
    }

    /// <summary>
    /// Name of the function that passes requests of lanes to the device; the first slots receive the answers. Signature:
    /// <c>i32 f(launch, thread, block, linear, local, line, active lanes as bits, service, data[4][lanes])</c>.
    /// </summary>
    public string System()
    {
        _functions.TryAdd("lane_system", SystemText.Write(lanes, localBytes));
        return "lane_system";
    }

    private static string Name(IrSpace space) =>
        space is IrSpace.Const or IrSpace.Global ? "global" : space.ToString().ToLowerInvariant();

    private string Get(
        string name,
        IrSpace space,
        string type,
        int elements,
        Action<StringBuilder, int, string> access,
        AccessKind kind,
        bool isOrdered
    )
    {
        if (!_functions.ContainsKey(name))
        {
            _functions[name] = Write(name, space, type, elements, access, kind, isOrdered);
        }
        return name;
    }

    // Only checked code tells accesses that order others from plain ones.
    private string Suffix(bool isOrdered) => watch is not null && isOrdered ? "_ordered" : "";

    private bool IsWatched(IrSpace space) => watch is not null && space is not (IrSpace.Local or IrSpace.Param);

    private string Write(
        string name,
        IrSpace space,
        string type,
        int elements,
        Action<StringBuilder, int, string> access,
        AccessKind kind,
        bool isOrdered
    )
    {
        bool atomic = kind == AccessKind.Atomic;
        int bytes = new Value("", type, false).Bits / 8;
        int total = atomic ? bytes : bytes * elements;
        StringBuilder text = new();
        text.Append(
            CultureInfo.InvariantCulture,
            $$"""
            define internal i32 @{{name}}(ptr %launch, ptr %thread, i64 %block, i32 %linear, ptr %local, i32 %line, i{{lanes}} %active, i64 %base, i64 %stride, i64 %wrap, i64 %breaklane, i64 %delta, ptr %addresses, ptr %data) #1 {
            entry:
              %wbp = getelementptr i8, ptr %launch, i64 40
              %wb = load i64, ptr %wbp, !invariant.load !0
              %wsp = getelementptr i8, ptr %launch, i64 48
              %ws = load i64, ptr %wsp, !invariant.load !0
              %pp = getelementptr i8, ptr %launch, i64 32
              %params = load ptr, ptr %pp, !invariant.load !0
              %shared = load ptr, ptr %thread, !invariant.load !0
              %shi = ptrtoint ptr %shared to i64
              %ssp = getelementptr i8, ptr %thread, i64 8
              %ss = load i64, ptr %ssp, !invariant.load !0
              %listed = icmp ne ptr %addresses, null
              br label %next
            next:
              %left = phi i{{lanes}} [ %active, %entry ], [ %rest, %done ]
              %none = icmp eq i{{lanes}} %left, 0
              br i1 %none, label %out, label %lane
            out:
              ret i32 0
            lane:
              %first = call i{{lanes}} @llvm.cttz.i{{lanes}}(i{{lanes}} %left, i1 true)
              %less = sub i{{lanes}} %left, 1
              %rest = and i{{lanes}} %left, %less
              %n = zext i{{lanes}} %first to i64
              br i1 %listed, label %list, label %computed
            list:
              %ap = getelementptr i64, ptr %addresses, i64 %n
              %listaddress = load i64, ptr %ap
              br label %found
            computed:
              %step = mul i64 %n, %stride
              %moved = add i64 %base, %step
              %beyond = icmp uge i64 %n, %breaklane
              %more = select i1 %beyond, i64 %delta, i64 0
              %far = add i64 %moved, %more
              %lineaddress = and i64 %far, %wrap
              br label %found
            found:
              %address = phi i64 [ %listaddress, %list ], [ %lineaddress, %computed ]
              %nc = trunc i64 %n to i32
              %whoc = add i32 %linear, %nc
              %low = and i64 %address, {{total - 1}}
              %odd = icmp ne i64 %low, 0
              br i1 %odd, label %misaligned, label %check

            """
        );
        for (int e = 0; e < elements; e++)
        {
            // Slots are computed where they dominate both ways of access.
            text.Replace(
                "  br i1 %odd",
                $"  %si{e} = add i64 %n, {e * lanes}\n  %slot{e} = getelementptr {type}, ptr %data, i64 %si{e}\n  br i1 %odd"
            );
        }
        text.Append("check:\n");
        WriteChecks(text, space, total, atomic);
        if (IsWatched(space))
        {
            WriteWatches(text, space, kind, total, isOrdered);
        }
        text.Append("flat:\n");
        text.Append(FlatPointer(space));
        for (int e = 0; e < elements; e++)
        {
            if (e > 0 && !atomic)
            {
                text.Append(CultureInfo.InvariantCulture, $"  %p{e} = getelementptr i8, ptr %p0, i64 {e * bytes}\n");
            }
            access(text, e, atomic ? "%p0" : $"%p{e}");
        }
        text.Append("  br label %done\n");
        if (space == IrSpace.Local || (space == IrSpace.Generic && !atomic))
        {
            WriteLocal(text, space, type, elements, kind == AccessKind.Store);
        }
        if (IsWatched(space))
        {
            WriteSkip(text, kind, type, elements, total);
            return text.ToString();
        }
        text.Append(
            CultureInfo.InvariantCulture,
            $$"""
            done:
              br label %next
            misaligned:
              br label %fault
            illegal:
              br label %fault
            fault:
              %kind = phi i32 [ {{(uint)KernelFault.MisalignedAddress}}, %misaligned ], [ {{(uint)
                KernelFault.IllegalAddress}}, %illegal ]
              %n32 = trunc i64 %n to i32
              %who = add i32 %linear, %n32
              call void @weir_fault(ptr %thread, i32 %kind, i32 %line, i64 %address, i64 %block, i32 %who)
              ret i32 %kind
            }

            """
        );
        return text.ToString();
    }

    /// <summary>Looks at an access that lies in the right space, before it is done.</summary>
    private void WriteWatches(StringBuilder text, IrSpace space, AccessKind kind, int total, bool isOrdered)
    {
        const string common = "ptr %launch, ptr %thread, i64 %block, i32 %whoc, i32 %line";
        if (space != IrSpace.Shared)
        {
            text.Append(
                $"watchglobal:\n  %gok = call i1 @{watch!.Global(kind, total)}({common}, i64 %woff, i64 %address)\n"
                    + "  br i1 %gok, label %flat, label %skip\n"
            );
        }
        if (space is IrSpace.Shared or IrSpace.Generic)
        {
            string offset = space == IrSpace.Shared ? "%address" : "%soff";
            text.Append(
                $"watchshared:\n  call void @{watch!.Shared(kind, total, isOrdered)}({common}, i64 {offset})\n"
                    + "  br label %flat\n"
            );
        }
    }

    /// <summary>Reports an access that is not done; what it would have read is 0.</summary>
    private void WriteSkip(StringBuilder text, AccessKind kind, string type, int elements, int total)
    {
        text.Append(
            CultureInfo.InvariantCulture,
            $$"""
            done:
              br label %next
            misaligned:
              br label %fault
            illegal:
              br label %fault
            fault:
              %code = phi i64 [ {{WatchText.Code(AccessFault.Misaligned, kind, total)}}, %misaligned ], [ {{WatchText.Code(
                AccessFault.OutOfBounds,
                kind,
                total
            )}}, %illegal ]
              call void @{{watch!.Reporter()}}(ptr %launch, ptr %thread, i64 %block, i32 %whoc, i32 %line, i64 %code, i64 %address, i64 0)
              br label %skip
            skip:

            """
        );
        for (int e = 0; kind != AccessKind.Store && e < elements; e++)
        {
            text.Append(CultureInfo.InvariantCulture, $"  store {type} {Zero(type)}, ptr %slot{e}, align 1\n");
        }
        text.Append("  br label %done\n}\n");
    }

    private static string Zero(string type) => type is "float" or "double" ? "0.0" : "0";

    private void WriteChecks(StringBuilder text, IrSpace space, int total, bool atomic)
    {
        string shared = IsWatched(space) ? "watchshared" : "flat";
        string global = IsWatched(space) ? "watchglobal" : "flat";
        switch (space)
        {
            case IrSpace.Shared:
                Within(text, "s", "%address", "%ss", total, shared, "illegal");
                break;
            case IrSpace.Param:
                Within(
                    text,
                    "p",
                    "%address",
                    parameterBytes.ToString(CultureInfo.InvariantCulture),
                    total,
                    "flat",
                    "illegal"
                );
                break;
            case IrSpace.Local:
                text.Append("  %offset = add i64 %address, 0\n");
                Within(
                    text,
                    "l",
                    "%offset",
                    localBytes.ToString(CultureInfo.InvariantCulture),
                    total,
                    "interleaved",
                    "illegal"
                );
                break;
            case IrSpace.Generic:
                text.Append("  %woff = sub i64 %address, %wb\n");
                Within(text, "w", "%woff", "%ws", total, global, "tryshared");
                text.Append("tryshared:\n  %soff = sub i64 %address, %shi\n");
                Within(text, "s", "%soff", "%ss", total, shared, atomic ? "illegal" : "trylocal");
                if (!atomic)
                {
                    text.Append(
                        CultureInfo.InvariantCulture,
                        $"trylocal:\n  %offset = sub i64 %address, {KernelAbi.LocalWindow}\n"
                    );
                    Within(
                        text,
                        "l",
                        "%offset",
                        localBytes.ToString(CultureInfo.InvariantCulture),
                        total,
                        "interleaved",
                        "illegal"
                    );
                }
                break;
            default:
                text.Append("  %woff = sub i64 %address, %wb\n");
                Within(text, "w", "%woff", "%ws", total, global, "illegal");
                break;
        }
    }

    private static void Within(
        StringBuilder text,
        string prefix,
        string offset,
        string size,
        int total,
        string yes,
        string no
    ) =>
        text.Append(
            CultureInfo.InvariantCulture,
            $$"""
              %{{prefix}}fits = icmp uge i64 {{size}}, {{total}}
              %{{prefix}}last = sub i64 {{size}}, {{total}}
              %{{prefix}}in = icmp ule i64 {{offset}}, %{{prefix}}last
              %{{prefix}}ok = and i1 %{{prefix}}fits, %{{prefix}}in
              br i1 %{{prefix}}ok, label %{{yes}}, label %{{no}}

            """
        );

    private static string FlatPointer(IrSpace space) =>
        space switch
        {
            IrSpace.Shared => "  %p0 = getelementptr i8, ptr %shared, i64 %address\n",
            IrSpace.Param => "  %p0 = getelementptr i8, ptr %params, i64 %address\n",
            IrSpace.Local => "  br label %done\n",
            _ => "  %p0 = inttoptr i64 %address to ptr\n",
        };

    /// <summary>Local memory is interleaved: word w of lane n lies at (w·lanes + n)·4.</summary>
    private void WriteLocal(StringBuilder text, IrSpace space, string type, int elements, bool store)
    {
        if (space == IrSpace.Local)
        {
            // The flat form does not exist; FlatPointer has already left it.
            int cut = text.ToString().LastIndexOf("flat:\n", StringComparison.Ordinal);
            text.Length = cut;
        }
        int bytes = new Value("", type, false).Bits / 8;
        string unit = bytes == 8 ? "i32" : type;
        int unitBytes = Math.Min(bytes, 4);
        text.Append("interleaved:\n");
        for (int u = 0; u < elements * bytes / unitBytes; u++)
        {
            int element = u * unitBytes / bytes;
            int within = u * unitBytes % bytes;
            text.Append(
                CultureInfo.InvariantCulture,
                $$"""
                  %lo{{u}} = add i64 %offset, {{u * unitBytes}}
                  %lw{{u}} = lshr i64 %lo{{u}}, 2
                  %lb{{u}} = and i64 %lo{{u}}, 3
                  %lr{{u}} = mul i64 %lw{{u}}, {{lanes}}
                  %li{{u}} = add i64 %lr{{u}}, %n
                  %ls{{u}} = shl i64 %li{{u}}, 2
                  %la{{u}} = add i64 %ls{{u}}, %lb{{u}}
                  %lp{{u}} = getelementptr i8, ptr %local, i64 %la{{u}}
                  %ld{{u}} = getelementptr i8, ptr %slot{{element}}, i64 {{within}}
                  %lv{{u}} = load {{unit}}, ptr %{{(store ? "ld" : "lp")}}{{u}}, align 1
                  store {{unit}} %lv{{u}}, ptr %{{(store ? "lp" : "ld")}}{{u}}, align 1

                """
            );
        }
        text.Append("  br label %done\n");
    }
}
