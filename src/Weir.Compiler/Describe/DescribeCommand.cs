using System.Globalization;
using System.Text;
using Weir.Kernels;
using Weir.Kernels.Abi;
using Weir.Kernels.Codegen;
using Weir.Kernels.Fatbin;
using Weir.Kernels.Ir;
using Weir.Kernels.Lowering;
using Weir.Kernels.Ptx;

namespace Weir.Compiler.Describe;

/// <summary>
/// <c>weir-compiler --describe FILE [--entry NAME] [--ir] [--llvm] [--asm]</c>: what the device makes of a PTX file or a fat
/// binary. It stands here because LLVM may end the process that asks it.
/// </summary>
internal static class DescribeCommand
{
    private const int DeviceSm = 90;
    private const int StackBytes = 256 << 20;

    /// <summary>Runs it; 0: all kernels run, 1: some are refused, 2: not understood or not readable.</summary>
    public static int Run(ReadOnlySpan<string> arguments)
    {
        string? file = null;
        string? entry = null;
        HashSet<string> forms = [];
        for (int i = 0; i < arguments.Length; i++)
        {
            switch (arguments[i])
            {
                case "--entry" when i + 1 < arguments.Length:
                    entry = arguments[++i];
                    break;
                case "--ir" or "--llvm" or "--asm":
                    forms.Add(arguments[i]);
                    break;
                case var name when file is null && (name == "-" || name[0] != '-'):
                    file = name;
                    break;
                default:
                    Console.Error.WriteLine($"weir-compiler: '{arguments[i]}' is not understood");
                    return 2;
            }
        }
        if (file is null)
        {
            Console.Error.WriteLine("weir-compiler: --describe needs a file");
            return 2;
        }
        int result = 2;
        // The analyses recurse with the size of a kernel.
        Thread thread = new(() => result = Describe(file, entry, forms), StackBytes);
        thread.Start();
        thread.Join();
        return result;
    }

    private static int Describe(string file, string? entry, HashSet<string> forms)
    {
        PtxModule? module;
        byte[] text;
        try
        {
            text = ReadAll(file);
            module = ModuleImage.Read(text, DeviceSm);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"weir: {e.Message}");
            return 2;
        }
        catch (PtxException e)
        {
            Console.WriteLine($"{file}: {e.Message}");
            return 1;
        }
        if (module is null)
        {
            Console.WriteLine(
                $"{file}: no PTX in it that a device of compute capability 9.0 runs (machine code alone?)"
            );
            return 1;
        }
        PtxEntry[] entries = [.. module.Entries.Where(one => entry is null || one.Name == entry)];
        if (entry is not null && entries.Length == 0)
        {
            string known = string.Join(", ", module.Entries.Select(one => one.Name));
            Console.Error.WriteLine($"weir: no kernel '{entry}' in {file}; there are: {known}");
            return 2;
        }
        Console.WriteLine(
            $"{file}: for {module.Target}, {Count(module.Entries.Count, "kernel")}, {Count(module.Variables.Count, "variable")}"
        );
        bool all = true;
        foreach (PtxEntry one in entries)
        {
            Console.WriteLine();
            all &= DescribeKernel(module, one, forms);
        }
        return all ? 0 : 1;
    }

    private static byte[] ReadAll(string file)
    {
        if (file != "-")
        {
            return File.ReadAllBytes(file);
        }
        using Stream input = Console.OpenStandardInput();
        using MemoryStream all = new();
        input.CopyTo(all);
        return all.ToArray();
    }

    private static bool DescribeKernel(PtxModule module, PtxEntry entry, HashSet<string> forms)
    {
        Console.WriteLine(entry.Name);
        IReadOnlyList<PtxException> refusals = Refusals.Of(module, entry.Name);
        if (refusals.Count > 0)
        {
            foreach (PtxException refusal in refusals)
            {
                Console.WriteLine($"  refused  {refusal.Message}");
            }
            return false;
        }
        IrFunction function = module.Lower(entry.Name);
        CompiledKernel kernel;
        try
        {
            kernel = KernelCompiler.Compile(function);
        }
        catch (PtxException refusal)
        {
            Console.WriteLine($"  refused  {refusal.Message}");
            return false;
        }
        Console.Write(Facts(function, kernel));
        Show("--ir", "intermediate form", () => IrText.Write(function));
        Show("--llvm", "LLVM IR, before its passes", () => KernelCompiler.EmitModule(function));
        Show("--asm", "generated code", () => KernelCompiler.EmitAssembly(function));
        return true;

        void Show(string form, string title, Func<string> write)
        {
            if (forms.Contains(form))
            {
                Console.WriteLine($"\n---- {entry.Name}: {title}");
                Console.WriteLine(write());
            }
        }
    }

    private static string Facts(IrFunction function, CompiledKernel kernel)
    {
        KernelInfo info = kernel.Info;
        int instructions = function.Blocks.Sum(block => block.Instructions.Count);
        StringBuilder text = new();
        Line("parameters", $"{Count(function.Parameters.Count, "parameter")}, {info.ParameterBytes} bytes");
        Line("registers", $"{info.Registers} of 32 bits per thread, at most {info.MaxThreads} threads in a block");
        Line("memory", $"{info.SharedBytes} bytes shared, {info.LocalBytes} bytes local per thread");
        Line("size", $"{Count(instructions, "operation")}, {kernel.Object.Length} bytes of object");
        Line("runs as", KernelCompiler.Strategy(function));
        if (info.GlobalSymbols.Count > 0)
        {
            Line("variables", string.Join(", ", info.GlobalSymbols));
        }
        return text.ToString();

        void Line(string name, string value) => text.Append(CultureInfo.InvariantCulture, $"  {name, -12}{value}\n");
    }

    private static string Count(int number, string what) => $"{number} {what}{(number == 1 ? "" : "s")}";
}
