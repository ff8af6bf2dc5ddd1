using Weir.Kernels.Abi;
using Weir.Kernels.Analysis;
using Weir.Kernels.Ir;

namespace Weir.Kernels.Codegen;

/// <summary>Emits one operation: reads its guard, then hands it to whoever knows its family.</summary>
internal sealed class InstructionEmitter
{
    private readonly KernelContext _context;
    private readonly AffineEmitter _affine;
    private readonly IntegerEmitter _integers;
    private readonly BitEmitter _bits;
    private readonly FloatEmitter _floats;
    private readonly MathEmitter _math;
    private readonly HalfEmitter _halves;
    private readonly CompareEmitter _compare;
    private readonly ConvertEmitter _convert;
    private readonly MemoryEmitter _memory;
    private readonly AtomicEmitter _atomics;
    private readonly CrossLaneEmitter _crossLane;
    private readonly TextureEmitter _textures;

    public InstructionEmitter(KernelContext context)
    {
        _context = context;
        _affine = new AffineEmitter(context);
        _integers = new IntegerEmitter(context);
        _bits = new BitEmitter(context);
        _floats = new FloatEmitter(context);
        _math = new MathEmitter(context, _floats);
        NarrowEmitter narrow = new(context);
        _halves = new HalfEmitter(context, _math, narrow);
        _compare = new CompareEmitter(context, _floats, _halves);
        _convert = new ConvertEmitter(context, _floats, narrow, _halves);
        _memory = new MemoryEmitter(context);
        _atomics = new AtomicEmitter(context, _memory);
        _crossLane = new CrossLaneEmitter(context);
        _textures = new TextureEmitter(context);
    }

    private LaneBuilder B => _context.B;

    private IrInstruction I => _context.Instruction;

    /// <summary>See <see cref="MemoryEmitter.CheckAhead"/>.</summary>
    public Value? CheckAhead(CodeNode node) => _memory.CheckAhead(node);

    /// <summary>See <see cref="MemoryEmitter.ByLanes"/>.</summary>
    public bool ByLanes
    {
        set => _memory.ByLanes = value;
    }

    /// <summary>Emits an operation that is not the deciding one of its piece.</summary>
    public void Emit(IrInstruction instruction)
    {
        _context.Instruction = instruction;
        _context.Guard = instruction.Guard.IsNone ? null : _context.Read(instruction.Guard, "i1");
        if (_context.Guard is not { } guard || !NeedsBranch(instruction.Op))
        {
            Dispatch();
            _context.Guard = null;
            return;
        }
        string perform = B.NewLabel("guarded");
        string skip = B.NewLabel("skip");
        // With a vector guard at least one lane must take part, else there is no address to use.
        B.Branch(guard.IsVector ? B.Any(_context.Active!.Value) : guard, perform, skip);
        B.Label(perform);
        if (!guard.IsVector)
        {
            _context.Guard = null;
        }
        if (_context.Variant == CodeVariant.Profiled)
        {
            new CountEmitter(_context).CountGuarded();
        }
        Dispatch();
        B.Branch(skip);
        B.Label(skip);
        _context.Guard = null;
    }

    private static bool NeedsBranch(IrOp op) =>
        op is IrOp.Ld or IrOp.St or IrOp.Atom or IrOp.Red or IrOp.Tex or IrOp.Trap or IrOp.Bar or IrOp.System;

    private void Dispatch()
    {
        if (_affine.Applies())
        {
            _affine.Emit();
            return;
        }
        if (IrTypes.IsFloat(I.Type) && I.Op is not (IrOp.Ld or IrOp.St))
        {
            if (HalfEmitter.Applies(I))
            {
                _halves.Emit();
                return;
            }
            if (!IrTypes.IsHalf(I.Type) && Float())
            {
                return;
            }
        }
        Other();
    }

    private bool Float()
    {
        switch (I.Op)
        {
            case IrOp.Add:
                _floats.Binary("fadd");
                return true;
            case IrOp.Sub:
                _floats.Binary("fsub");
                return true;
            case IrOp.Mul:
                _floats.Binary("fmul");
                return true;
            case IrOp.Div:
                _math.Divide();
                return true;
            case IrOp.Fma or IrOp.Mad:
                _floats.Fused();
                return true;
            case IrOp.Abs or IrOp.Neg:
                _floats.Sign();
                return true;
            case IrOp.Min or IrOp.Max:
                _floats.MinMax();
                return true;
            case IrOp.CopySign:
                _floats.CopySign();
                return true;
            case IrOp.TestP:
                _math.Test();
                return true;
            case IrOp.Rcp or IrOp.Sqrt or IrOp.Rsqrt:
                _math.Root();
                return true;
            case IrOp.Sin or IrOp.Cos or IrOp.Ex2 or IrOp.Lg2 or IrOp.Tanh:
                _math.Transcendental();
                return true;
            default:
                return false;
        }
    }

    private void Other()
    {
        switch (I.Op)
        {
            case IrOp.Mov:
                _context.Write(_context.Source(0, I.Type == IrType.Pred ? "i1" : MemoryEmitter.ElementType(I.Type)));
                break;
            case IrOp.Pack:
                Pack();
                break;
            case IrOp.Unpack:
                Unpack();
                break;
            case IrOp.Cvta:
                Value origin = AddressSpaces.Base(_context, I.Space);
                _context.Write(B.Binary(I.Flag ? "sub" : "add", _context.Source(0, "i64"), origin));
                break;
            case IrOp.IsSpacep:
                _context.Write(AddressSpaces.IsIn(_context, I.Space, _context.Source(0, "i64")));
                break;
            case IrOp.Add or IrOp.AddC:
                _integers.AddSub(subtract: false);
                break;
            case IrOp.Sub or IrOp.SubC:
                _integers.AddSub(subtract: true);
                break;
            case IrOp.Mul or IrOp.Mad or IrOp.MadC:
                _integers.Multiply();
                break;
            case IrOp.Mul24 or IrOp.Mad24:
                _integers.Multiply24();
                break;
            case IrOp.Sad:
                _integers.SumOfDifference();
                break;
            case IrOp.Div or IrOp.Rem:
                _integers.Divide();
                break;
            case IrOp.Abs or IrOp.Neg:
                _integers.Unary();
                break;
            case IrOp.Min or IrOp.Max:
                _integers.MinMax();
                break;
            case IrOp.Dp4a:
                _integers.Dp4a();
                break;
            case IrOp.Dp2a:
                _integers.Dp2a();
                break;
            case IrOp.And:
                _bits.Logic("and");
                break;
            case IrOp.Or:
                _bits.Logic("or");
                break;
            case IrOp.Xor:
                _bits.Logic("xor");
                break;
            case IrOp.Not:
                _bits.Not();
                break;
            case IrOp.CNot:
                _bits.LogicalNot();
                break;
            case IrOp.Shl or IrOp.Shr:
                _bits.Shift();
                break;
            case IrOp.Shf:
                _bits.Funnel();
                break;
            case IrOp.Lop3:
                _bits.Logic3();
                break;
            case IrOp.Popc:
                _bits.PopCount();
                break;
            case IrOp.Clz:
                _bits.LeadingZeros();
                break;
            case IrOp.Bfind:
                _bits.FindHighest();
                break;
            case IrOp.Brev:
                _bits.Reverse();
                break;
            case IrOp.Bfe:
                _bits.Extract();
                break;
            case IrOp.Bfi:
                _bits.Insert();
                break;
            case IrOp.Bmsk:
                _bits.Mask();
                break;
            case IrOp.Szext:
                _bits.ExtendFrom();
                break;
            case IrOp.Prmt:
                _bits.Permute();
                break;
            case IrOp.Set or IrOp.SetP:
                _compare.Set();
                break;
            case IrOp.SelP:
                _compare.SelectByPredicate();
                break;
            case IrOp.SlCt:
                _compare.SelectBySign();
                break;
            case IrOp.Cvt:
                _convert.Convert();
                break;
            case IrOp.Ld:
                _memory.Load();
                break;
            case IrOp.St:
                _memory.Store();
                break;
            case IrOp.Atom or IrOp.Red:
                _atomics.Emit();
                break;
            case IrOp.Prefetch or IrOp.NanoSleep:
                break;
            case IrOp.Tex:
                _textures.Sample();
                break;
            case IrOp.MemBar:
                B.Line("fence seq_cst");
                break;
            case IrOp.Bar when I.Barrier == IrBarrier.WarpSync:
                // The lanes of a warp run in step; only the compiler must not move accesses across.
                B.Line("fence syncscope(\"singlethread\") seq_cst");
                break;
            case IrOp.Bar when I.Barrier == IrBarrier.Arrive:
                new BarrierProtocol(_context).Arrive();
                break;
            case IrOp.Shfl:
                _crossLane.Shuffle();
                break;
            case IrOp.Vote:
                _crossLane.Vote();
                break;
            case IrOp.Match:
                _crossLane.Match();
                break;
            case IrOp.Redux:
                _crossLane.Reduce();
                break;
            case IrOp.Elect:
                _crossLane.Elect();
                break;
            case IrOp.ActiveMask:
                _context.Write(B.Resize(_context.ActiveBits, "i32", false));
                break;
            case IrOp.Mma:
                new MatrixEmitter(_context).Emit();
                break;
            case IrOp.System:
                new SystemEmitter(_context).Emit();
                break;
            case IrOp.Trap:
                Trap();
                break;
            default:
                throw _context.Unsupported("the operation");
        }
    }

    private void Pack()
    {
        int bits = IrTypes.Bits(I.Type);
        string whole = "i" + bits * I.Sources.Count;
        Value result = LaneBuilder.Int(whole, 0);
        for (int n = 0; n < I.Sources.Count; n++)
        {
            Value part = B.Resize(_context.Source(n, "i" + bits), whole, false);
            result = n == 0 ? part : B.Binary("or", result, B.Binary("shl", part, (long)bits * n));
        }
        _context.Write(result);
    }

    private void Unpack()
    {
        int bits = IrTypes.Bits(I.DestType);
        Value whole = _context.Source(0, "i" + IrTypes.Bits(I.Type));
        for (int n = 0; n < I.Dests.Count; n++)
        {
            Value part = n == 0 ? whole : B.Binary("lshr", whole, (long)bits * n);
            _context.Write(B.Resize(part, "i" + bits, false), dest: n);
        }
    }

    private void Trap()
    {
        Value lane = _context.FirstActiveLane();
        _context.RaiseFault(KernelFault.Trap, LaneBuilder.Int("i64", 0), lane);
        B.Label(B.NewLabel("unreached"));
    }
}
