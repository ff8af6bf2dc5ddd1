using Weir.Oracle;

namespace Weir.Conformance.Tests;

/// <summary>What a random kernel may contain besides arithmetic on its own registers.</summary>
[Flags]
public enum KernelTraits
{
    None = 0,

    /// <summary>Branches, loops, breaks.</summary>
    Divergence = 1,

    /// <summary>Jumps without structure.</summary>
    Tangles = 2,

    /// <summary>Threads that end early.</summary>
    EarlyReturns = 4,

    /// <summary>Barriers and shared memory.</summary>
    Barriers = 8,

    /// <summary>Shuffles, votes, matches, warp reductions; in branches with the mask of those who took them.</summary>
    WarpOperations = 16,

    /// <summary>Global loads, local memory, atomics whose order does not matter.</summary>
    Memory = 32,
}

/// <summary>Makes kernels whose result PTX defines completely: no races, no undefined lanes, every loop ends.</summary>
internal sealed class RandomKernelGenerator(int seed, KernelTraits traits)
{
    private static readonly InstructionForm[] Forms =
    [
        .. InstructionForms.All.Where(f =>
            !f.HasSecondResult
            && !InstructionForms.IsRefused(f)
            && f.Result is not ({ Kind: 'f', Bits: 16 } or { Kind: 'h' or 'n' or 'm' })
        ),
    ];

    private readonly Random _random = new(seed);
    private bool _wholeWarps;

    /// <summary>Where the code being made stands.</summary>
    /// <param name="Depth">Nesting.</param>
    /// <param name="IsUniform">All threads of the block that have not ended come here together.</param>
    /// <param name="Mask">Register with the lanes of the warp that come here together; null when nobody knows.</param>
    /// <param name="MaskDepth">Mask registers in use.</param>
    /// <param name="MayLeave">The innermost loop is one that threads leave each for themselves.</param>
    private readonly record struct Place(int Depth, bool IsUniform, string? Mask, int MaskDepth, bool MayLeave);

    public RandomKernel Make()
    {
        var block = _random.Next(4) switch
        {
            0 => new Dim3((uint)_random.Next(1, 40), (uint)_random.Next(1, 4)),
            1 => new Dim3((uint)_random.Next(1, 130)),
            _ => new Dim3(32 * (uint)_random.Next(1, 4)),
        };
        _wholeWarps = block.Count % 32 == 0;
        return new RandomKernel(
            new Dim3((uint)_random.Next(1, 4)),
            block,
            seed,
            Sequence(new Place(0, IsUniform: true, Mask: "-1", MaskDepth: 0, MayLeave: false), 3 + _random.Next(6))
        );
    }

    private List<KernelNode> Sequence(Place place, int length)
    {
        var nodes = new List<KernelNode>();
        for (var i = 0; i < length; i++)
        {
            nodes.Add(Node(place));
        }
        return nodes;
    }

    private KernelNode Node(Place place)
    {
        var nests = place.Depth < 4;
        return _random.Next(14) switch
        {
            0 or 1 or 2 when Has(KernelTraits.Divergence) && nests => Branch(place),
            3 when Has(KernelTraits.Divergence) && nests => LoopNode(place),
            4 when Has(KernelTraits.Tangles) => TangleNode(),
            5 when Has(KernelTraits.EarlyReturns) && place.Depth < 3 => new Jump(Rarely(), JumpKind.Return),
            5 or 6 when place.MayLeave => new Jump(
                Condition(),
                _random.Next(2) == 0 ? JumpKind.Break : JumpKind.Continue
            ),
            7 or 8 when Has(KernelTraits.Barriers) && place.IsUniform => new Lines(Exchange()),
            7 or 8 or 9 when Has(KernelTraits.WarpOperations) && place.Mask is not null => new Lines(
                WarpOperation(place.Mask)
            ),
            10 when Has(KernelTraits.Memory) => new Lines(MemoryAccess()),
            _ => new Lines(Arithmetic(1 + _random.Next(4))),
        };
    }

    private bool Has(KernelTraits trait) => (traits & trait) != 0;

    private If Branch(Place place)
    {
        if (place.IsUniform && _random.Next(4) == 0)
        {
            // The same way for the whole block.
            var condition = new[]
            {
                "mov.u32 %t0, %ctaid.x;",
                $"setp.{Pick("eq", "ne", "lt")}.u32 %p0, %t0, {_random.Next(3)};",
            };
            var inside = place with { Depth = place.Depth + 1 };
            return new If(condition, Sequence(inside, 1 + _random.Next(3)), Sequence(inside, _random.Next(3)));
        }
        var nested = place with { Depth = place.Depth + 1, IsUniform = false };
        if (place.Mask is null || !Has(KernelTraits.WarpOperations))
        {
            nested = nested with { Mask = null };
            return new If(Condition(), Sequence(nested, 1 + _random.Next(3)), Sequence(nested, _random.Next(3)));
        }
        // Who takes the branch is found before it, so that both sides know their mask.
        var mask = $"%mask{place.MaskDepth}";
        var otherMask = $"%mask{place.MaskDepth + 1}";
        nested = nested with { MaskDepth = place.MaskDepth + 2 };
        if (nested.MaskDepth >= 6)
        {
            nested = nested with { Mask = null };
            return new If(Condition(), Sequence(nested, 1 + _random.Next(3)), Sequence(nested, _random.Next(3)));
        }
        List<string> vote =
        [
            .. Condition(),
            $"vote.sync.ballot.b32 {mask}, %p0, {place.Mask};",
            $"vote.sync.ballot.b32 {otherMask}, !%p0, {place.Mask};",
        ];
        return new If(
            vote,
            Sequence(nested with { Mask = mask }, 1 + _random.Next(3)),
            Sequence(nested with { Mask = otherMask }, _random.Next(3))
        );
    }

    private Loop LoopNode(Place place)
    {
        var uniform = place.IsUniform && _random.Next(2) == 0;
        var limit = uniform
            ? $"mov.u32 %limit, {_random.Next(1, 5)};"
            : $"and.b32 %limit, {Word()}, {_random.Next(1, 8)};";
        var inside = new Place(
            place.Depth + 1,
            uniform,
            uniform ? place.Mask : null,
            place.MaskDepth,
            MayLeave: !uniform
        );
        return new Loop([limit], _random.Next(2) == 0, Sequence(inside, 1 + _random.Next(4)));
    }

    private Tangle TangleNode()
    {
        var count = _random.Next(2, 7);
        return new Tangle(
            Enumerable
                .Range(0, count)
                .Select(_ => new TanglePiece(Arithmetic(1 + _random.Next(3)), Condition(), _random.Next(count + 1)))
                .ToList()
        );
    }

    /// <summary>Sets %p0 to something that differs between threads.</summary>
    private List<string> Condition() =>
        _random.Next(5) switch
        {
            0 => [$"setp.{Pick("lt", "ge", "eq", "ne")}.u32 %p0, %thread, {_random.Next(64)};"],
            1 =>
            [
                $"and.b32 %t0, {Word()}, {_random.Next(1, 8)};",
                $"setp.{Pick("eq", "ne")}.u32 %p0, %t0, {_random.Next(3)};",
            ],
            2 => [$"setp.{Pick("lt", "gt", "leu", "neu")}.f32 %p0, {Float()}, {Float()};"],
            3 => [$"{Pick("and", "or", "xor")}.pred %p0, {Predicate()}, {Predicate()};"],
            _ => [$"setp.{Pick("lt", "ge", "gt", "le")}.s32 %p0, {Word()}, {Word()};"],
        };

    private List<string> Rarely() => [$"and.b32 %t0, {Word()}, 15;", $"setp.eq.u32 %p0, %t0, {_random.Next(16)};"];

    private List<string> Arithmetic()
    {
        var form = Forms[_random.Next(Forms.Length)];
        var result = Register(form.Result);
        var line = form.Text(result, "%v0", form.Sources.Select(Register).ToArray()) + ";";
        if (_random.Next(5) == 0)
        {
            line = $"@{(_random.Next(2) == 0 ? "!" : "")}{Predicate()} {line}";
        }
        // Which NaN an instruction gives is open, so the next one must not see the difference.
        return form.AnyNaN
            ? [line, $"testp.notanumber.{form.Result} %g, {result};", $"@%g mov.b{form.Result.Bits} {result}, 0x7e00;"]
            : [line];
    }

    private List<string> Arithmetic(int count) => Enumerable.Range(0, count).SelectMany(_ => Arithmetic()).ToList();

    private List<string> MemoryAccess()
    {
        var word = Word();
        switch (_random.Next(6))
        {
            case 0:
                return
                [
                    $"and.b32 %t0, {Word()}, {RandomKernel.Inputs - 4};",
                    "mul.wide.u32 %at, %t0, 4;",
                    "add.s64 %at, %in, %at;",
                    _random.Next(3) switch
                    {
                        0 => $"ld.global.v4.b32 {{%r0, %r5, %r2, %r7}}, [%at];",
                        1 => $"ld.global.v2.b64 {{%q1, %q0}}, [%at];",
                        _ => $"ld.global.{Pick("u8", "s8", "u16", "s16", "b32")} {word}, [%at];",
                    },
                ];
            case 1:
                return
                [
                    $"and.b32 %t0, {Word()}, 60;",
                    "mov.u32 %t1, own;",
                    "add.u32 %t0, %t0, %t1;",
                    $"st.local.b32 [%t0], {word};",
                ];
            case 2:
                return
                [
                    $"and.b32 %t0, {Word()}, 60;",
                    "mov.u32 %t1, own;",
                    "add.u32 %t0, %t0, %t1;",
                    $"ld.local.b32 {word}, [%t0];",
                ];
            case 3:
                // Through a generic pointer, the same for all threads or not.
                return
                [
                    "mov.u64 %at, own;",
                    "cvta.local.u64 %at, %at;",
                    _random.Next(2) == 0 ? $"and.b32 %t0, {Word()}, 56;" : $"mov.u32 %t0, {_random.Next(8) * 8};",
                    "cvt.u64.u32 %wide, %t0;",
                    "add.s64 %at, %at, %wide;",
                    _random.Next(2) == 0 ? $"st.b64 [%at], {Long()};" : $"ld.b64 {Long()}, [%at];",
                ];
            case 4:
                var (part, inShared) = Any((0, "add.u32"), (32, "or.b32"));
                return
                [
                    $"and.b32 %t0, {Word()}, 28;",
                    "mov.u32 %t1, tally;",
                    "add.u32 %t0, %t0, %t1;",
                    $"red.shared.{inShared} [%t0+{part}], {word};",
                ];
            default:
                var (offset, operation) = Any(
                    (0, "add.u32"),
                    (64, "or.b32"),
                    (96, "max.s32"),
                    (128, "min.u32"),
                    (160, "xor.b32"),
                    (192, "add.u64")
                );
                return
                [
                    $"and.b32 %t0, {Word()}, 24;",
                    "cvt.u64.u32 %wide, %t0;",
                    "add.s64 %at, %counters, %wide;",
                    $"red.global.{operation} [%at+{offset}], {(operation.EndsWith("64", StringComparison.Ordinal) ? Long() : word)};",
                ];
        }
    }

    /// <summary>Each thread leaves a word for another, or the block counts together.</summary>
    private List<string> Exchange()
    {
        switch (_random.Next(4))
        {
            case 0:
                return [$"bar.red.popc.u32 {Word()}, 0, {Predicate()};"];
            case 1:
                return [$"bar.red.{Pick("and", "or")}.pred {Predicate()}, 0, {Predicate()};"];
            default:
                return
                [
                    "mov.u32 %t1, box;",
                    "mad.lo.u32 %t0, %thread, 4, %t1;",
                    $"st.shared.u32 [%t0], {Word()};",
                    "bar.sync 0;",
                    $"mad.lo.u32 %t0, %thread, {_random.Next(1, 6)}, {_random.Next(40)};",
                    "rem.u32 %t0, %t0, %count;",
                    "mad.lo.u32 %t0, %t0, 4, %t1;",
                    $"ld.shared.u32 {Word()}, [%t0];",
                    "bar.sync 0;",
                ];
        }
    }

    private List<string> WarpOperation(string mask)
    {
        switch (_random.Next(6))
        {
            case 0:
                return [$"vote.sync.{Pick("all", "any", "uni")}.pred {Predicate()}, {Predicate()}, {mask};"];
            case 1:
                return [$"vote.sync.ballot.b32 {Word()}, {Predicate()}, {mask};"];
            case 2:
                return [$"and.b32 %t0, {Word()}, 3;", $"match.any.sync.b32 {Word()}, %t0, {mask};"];
            case 3:
                return [$"and.b32 %t0, {Word()}, 1;", $"match.all.sync.b32 {Word()}|{Predicate()}, %t0, {mask};"];
            case 4:
                return
                [
                    $"redux.sync.{Pick("add.u32", "min.s32", "max.u32", "and.b32", "or.b32", "xor.b32", "min.u32", "add.s32")} {Word()}, {Word()}, {mask};",
                ];
            default:
                return Shuffle(mask);
        }
    }

    private List<string> Shuffle(string mask)
    {
        if (_wholeWarps && mask == "-1" && !Has(KernelTraits.EarlyReturns))
        {
            // Every lane is there: any distance will do.
            var distance = _random.Next(2) == 0 ? Word() : _random.Next(32).ToString();
            var clamp = Any(0x1f, 0, 0x181f, 0x1c1f, 0x1000);
            return
            [
                $"shfl.sync.{Pick("up", "down", "bfly", "idx")}.b32 {Word()}|{Predicate()}, {Word()}, {distance}, {clamp}, -1;",
            ];
        }
        // The source is the lowest lane of those that are here: always one that takes part.
        return
        [
            "setp.eq.u32 %g, %linear, %linear;",
            $"vote.sync.ballot.b32 %t1, %g, {mask};",
            "brev.b32 %t1, %t1;",
            "clz.b32 %t1, %t1;",
            $"shfl.sync.idx.b32 {Word()}|{Predicate()}, {Word()}, %t1, 0x1f, {mask};",
        ];
    }

    private string Register(PtxType type) =>
        type switch
        {
            { Kind: 'p' } => Predicate(),
            { Bits: 64 } => Long(),
            { Bits: 32, Kind: 'f' } => _random.Next(4) == 0 ? Word() : Float(),
            { Bits: 32 } => _random.Next(8) == 0 ? Float() : Word(),
            _ => $"%h{_random.Next(RandomKernel.Halves)}",
        };

    private string Word() => $"%r{_random.Next(RandomKernel.Words)}";

    private string Float() => $"%f{_random.Next(RandomKernel.Floats)}";

    private string Long() => $"%q{_random.Next(RandomKernel.Longs)}";

    private string Predicate() => $"%v{_random.Next(RandomKernel.Predicates)}";

    private string Pick(params ReadOnlySpan<string> from) => from[_random.Next(from.Length)];

    private T Any<T>(params ReadOnlySpan<T> from) => from[_random.Next(from.Length)];
}
