using System.Text;
using Weir.Kernels.Ir;
using Weir.Kernels.Ptx;

namespace Weir.Kernels.Tests.Ptx;

/// <summary>Makes modules of snippets.</summary>
internal static class Texts
{
    /// <summary>What a module starts with; three lines.</summary>
    public const string Header = ".version 7.8\n.target sm_80\n.address_size 64\n";

    /// <summary>Registers that snippets may use: two of each kind, and more of the common ones.</summary>
    public const string Registers =
        ".reg .pred %p<8>; .reg .b8 %c<4>; .reg .b16 %h<8>; .reg .b32 %r<16>; .reg .b64 %d<16>; .reg .f32 %f<16>; .reg .f64 %g<8>;";

    /// <summary>First line of a body made by <see cref="Kernel"/>.</summary>
    public const int BodyLine = 7;

    public static PtxModule Module(string text) => PtxModule.Parse(Encoding.Latin1.GetBytes(text));

    /// <summary>A module with one kernel k of two parameters; the body starts on line <see cref="BodyLine"/>.</summary>
    public static string Kernel(string body, string before = "") =>
        $"{Header}{before}\n.visible .entry k(.param .u64 a, .param .u32 n)\n{{ {Registers}\n{body}\n}}\n";

    /// <summary>Lowers a kernel made of a body.</summary>
    public static IrFunction Lower(string body, string before = "") => Module(Kernel(body, before)).Lower("k");

    /// <summary>The operations of a kernel made of a body, without its last ret.</summary>
    public static List<IrInstruction> Code(string body, string before = "") =>
        [.. Lower(body, before).Blocks.SelectMany(b => b.Instructions).SkipLast(1)];

    /// <summary>The one operation of a body.</summary>
    public static IrInstruction One(string body) => Xunit.Assert.Single(Code(body));

    /// <summary>The error of a body.</summary>
    public static PtxException Error(string body, string before = "") =>
        Xunit.Assert.Throws<PtxException>(() => Lower(body, before));

    /// <summary>The error of a module.</summary>
    public static PtxException ModuleError(string text) => Xunit.Assert.Throws<PtxException>(() => Module(text));
}
