namespace Weir.Kernels.Codegen;

/// <summary>Atomic addition of f16 and bf16, single and packed: no processor has it, so it is tried until nobody came between.</summary>
internal static class HalfAtomics
{
    /// <summary>True for operations that this class writes: the names of the types.</summary>
    public static bool Has(string operation) => operation is "f16" or "f16x2" or "bf16" or "bf16x2";

    /// <summary>A function <c>T atomic_NAME(ptr, T)</c> that adds and gives the old value.</summary>
    public static string Text(string operation)
    {
        bool packed = operation.EndsWith("x2", StringComparison.Ordinal);
        string type = packed ? "i32" : "i16";
        string sum = packed
            ? $"""
                %ol = trunc i32 %seen to i16
                  %bl = trunc i32 %b to i16
                  %os = lshr i32 %seen, 16
                  %oh = trunc i32 %os to i16
                  %bs = lshr i32 %b, 16
                  %bh = trunc i32 %bs to i16
                {Add(operation, "l", "%ol", "%bl")}{Add(operation, "h", "%oh", "%bh")}  %zl = zext i16 %suml to i32
                  %zh = zext i16 %sumh to i32
                  %up = shl i32 %zh, 16
                  %new = or i32 %zl, %up
                """
            : $"{Add(operation, "l", "%seen", "%b").TrimStart()}  %new = add i16 %suml, 0";
        return $$"""
            define internal {{type}} @atomic_{{operation}}(ptr %p, {{type}} %b) #1 {
            entry:
              %first = load atomic {{type}}, ptr %p monotonic, align {{(packed ? 4 : 2)}}
              br label %again
            again:
              %seen = phi {{type}} [ %first, %entry ], [ %other, %again ]
              {{sum.TrimStart()}}
              %pair = cmpxchg ptr %p, {{type}} %seen, {{type}} %new seq_cst seq_cst
              %other = extractvalue { {{type}}, i1 } %pair, 0
              %done = extractvalue { {{type}}, i1 } %pair, 1
              br i1 %done, label %out, label %again
            out:
              ret {{type}} %seen
            }

            """;
    }

    private static string Add(string operation, string n, string a, string b) =>
        operation[0] == 'f'
            ? $"""
                  %x{n}h = bitcast i16 {a} to half
                  %y{n}h = bitcast i16 {b} to half
                  %x{n} = fpext half %x{n}h to float
                  %y{n} = fpext half %y{n}h to float
                  %s{n} = fadd float %x{n}, %y{n}
                  %r{n} = fptrunc float %s{n} to half
                  %w{n} = bitcast half %r{n} to i16
                  %nan{n} = fcmp uno float %s{n}, 0.0
                  %sum{n} = select i1 %nan{n}, i16 32767, i16 %w{n}

                """
            : $"""
                  %x{n}i = zext i16 {a} to i32
                  %y{n}i = zext i16 {b} to i32
                  %x{n}s = shl i32 %x{n}i, 16
                  %y{n}s = shl i32 %y{n}i, 16
                  %x{n} = bitcast i32 %x{n}s to float
                  %y{n} = bitcast i32 %y{n}s to float
                  %s{n} = fadd float %x{n}, %y{n}
                  %i{n} = bitcast float %s{n} to i32
                  %o{n}1 = lshr i32 %i{n}, 16
                  %o{n}2 = and i32 %o{n}1, 1
                  %a{n}1 = add i32 %i{n}, 32767
                  %a{n}2 = add i32 %a{n}1, %o{n}2
                  %a{n}3 = lshr i32 %a{n}2, 16
                  %w{n} = trunc i32 %a{n}3 to i16
                  %nan{n} = fcmp uno float %s{n}, 0.0
                  %sum{n} = select i1 %nan{n}, i16 32767, i16 %w{n}

                """;
}
