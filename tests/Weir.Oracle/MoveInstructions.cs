namespace Weir.Oracle;

/// <summary>mov, packing and unpacking included.</summary>
internal static class MoveInstructions
{
    public static Step Bind(Instruction at, Binding binding)
    {
        Binding.Allow(at);
        var type = at.Type;
        if (at.Operands[1] is VectorOperand from)
        {
            var part = new PtxType('b', type.Bits / from.Elements.Count);
            var parts = from.Elements.Select(e => binding.Read(e, part, at)).ToArray();
            var whole = Binding.Result(at, type);
            return lane =>
            {
                ulong value = 0;
                for (var i = 0; i < parts.Length; i++)
                {
                    value |= parts[i](lane) << (i * part.Bits);
                }
                whole(lane, value);
            };
        }
        var source = binding.Source(at, 1, type);
        if (at.Operands[0] is VectorOperand into)
        {
            var part = new PtxType('b', type.Bits / into.Elements.Count);
            var parts = into.Elements.Select(e => Binding.Write(e, part, at)).ToArray();
            return lane =>
            {
                var value = source(lane);
                for (var i = 0; i < parts.Length; i++)
                {
                    parts[i](lane, (value >> (i * part.Bits)) & part.Mask);
                }
            };
        }
        var result = Binding.Result(at, type);
        return lane => result(lane, source(lane));
    }
}
