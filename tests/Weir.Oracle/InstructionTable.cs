namespace Weir.Oracle;

/// <summary>Which code carries out which instruction.</summary>
internal static class InstructionTable
{
    public static Step Bind(Instruction at, Binding binding)
    {
        switch (at.Name)
        {
            case "mov":
                return MoveInstructions.Bind(at, binding);
            case "add" or "sub" or "mul" or "mad" or "div" or "abs" or "neg" or "min" or "max":
                return at.Type.IsFloat ? FloatInstructions.Bind(at, binding) : IntegerInstructions.Bind(at, binding);
            case "fma" or "rcp" or "sqrt" or "rsqrt" or "sin" or "cos" or "lg2" or "ex2" or "tanh" or "copysign":
                return FloatInstructions.Bind(at, binding);
            case "addc" or "subc" or "madc" or "mul24" or "mad24" or "sad" or "rem":
                return IntegerInstructions.Bind(at, binding);
            case "dp4a" or "dp2a":
                return IntegerInstructions.BindDotProduct(at, binding);
            case "testp":
                return FloatInstructions.BindTest(at, binding);
            case "and" or "or" or "xor" or "not" or "cnot" or "shl" or "shr" or "shf" or "popc" or "clz" or "bfind":
            case "brev" or "bfe" or "bfi" or "lop3" or "prmt" or "fns" or "bmsk" or "szext":
                return BitInstructions.Bind(at, binding);
            case "set" or "setp" or "selp" or "slct":
                return ComparisonInstructions.Bind(at, binding);
            case "cvt":
                return ConversionInstructions.Bind(at, binding);
            case "ld" or "ldu":
                return MemoryInstructions.BindLoad(at, binding);
            case "st":
                return MemoryInstructions.BindStore(at, binding);
            case "atom" or "red":
                return MemoryInstructions.BindAtomic(at, binding);
            case "cvta":
                return MemoryInstructions.BindConvertAddress(at, binding);
            case "isspacep":
                return MemoryInstructions.BindIsSpace(at, binding);
            case "tex":
                return TextureInstructions.Bind(at, binding);
            case "cp":
                return MatrixInstructions.Copy(at, binding);
            case "bar" when at.Has("warp"):
            case "mma" or "ldmatrix":
            case "shfl" or "vote" or "match" or "redux" or "activemask" or "elect":
                return WarpInstructions.Bind(at, binding);
            case "bar" or "barrier":
                return BarrierInstructions.Bind(at, binding);
            case "bra" or "brx" or "call" or "ret" or "exit" or "trap":
            case "membar"
            or "fence"
            or "prefetch"
            or "prefetchu"
            or "nanosleep"
            or "pmevent"
            or "discard"
            or "applypriority":
                return ControlInstructions.Bind(at, binding);
            default:
                throw at.Unknown("the oracle does not know this instruction");
        }
    }
}
