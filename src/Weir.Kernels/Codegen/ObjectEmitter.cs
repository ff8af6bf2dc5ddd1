using System.Runtime.InteropServices;
using System.Text;

namespace Weir.Kernels.Codegen;

/// <summary>LLVM IR text → relocatable x86-64 ELF object.</summary>
internal static unsafe class ObjectEmitter
{
    private const int RelocPic = 2;
    private const int CodeModelSmall = 3;

    /// <summary>LLVM's number of assembler text.</summary>
    public const int AssemblyFile = 0;

    private const int ObjectFile = 1;

    /// <summary>Compiles a module.</summary>
    /// <param name="ir">LLVM IR text.</param>
    /// <param name="passes">Pass pipeline in LLVM's textual form.</param>
    /// <param name="codegenLevel">0 to 3: effort of instruction selection and register allocation.</param>
    /// <param name="fileType">What to make: an object, or <see cref="AssemblyFile"/>.</param>
    /// <returns>The object file, or the text.</returns>
    /// <exception cref="CodegenException">LLVM refused the text; its message is included.</exception>
    public static byte[] Emit(string ir, string passes, int codegenLevel, int fileType = ObjectFile)
    {
        LlvmLibrary llvm = LlvmLibrary.Instance;
        HostTarget host = HostTarget.Instance;
        nint context = llvm.ContextCreate();
        nint machine = 0;
        nint module = 0;
        try
        {
            llvm.ContextSetDiagnosticHandler(context, &IgnoreDiagnostic, null);
            module = Parse(llvm, context, ir);
            machine = CreateMachine(llvm, host, codegenLevel);
            nint layout = llvm.CreateTargetDataLayout(machine);
            llvm.SetModuleDataLayout(module, layout);
            llvm.DisposeTargetData(layout);
            fixed (byte* triple = LlvmLibrary.Utf8(HostTarget.Triple))
            {
                llvm.SetTarget(module, triple);
            }
            RunPasses(llvm, module, machine, passes);
            return EmitFile(llvm, module, machine, fileType);
        }
        finally
        {
            if (module != 0)
            {
                llvm.DisposeModule(module);
            }
            if (machine != 0)
            {
                llvm.DisposeTargetMachine(machine);
            }
            llvm.ContextDispose(context);
        }
    }

    [UnmanagedCallersOnly]
    private static void IgnoreDiagnostic(nint diagnostic, void* state) { }

    private static nint Parse(LlvmLibrary llvm, nint context, string ir)
    {
        byte[] text = Encoding.UTF8.GetBytes(ir);
        nint buffer;
        fixed (byte* bytes = text)
        fixed (byte* name = "kernel\0"u8)
        {
            buffer = llvm.CreateMemoryBufferCopy(bytes, (nuint)text.Length, name);
        }
        nint module;
        byte* message;
        // ParseIR takes the buffer over, also when it fails.
        if (llvm.ParseIR(context, buffer, &module, &message) != 0)
        {
            string reason = LlvmLibrary.Text(message);
            llvm.DisposeMessage(message);
            throw new CodegenException("LLVM does not accept the generated module: " + reason);
        }
        return module;
    }

    private static nint CreateMachine(LlvmLibrary llvm, HostTarget host, int codegenLevel)
    {
        fixed (byte* triple = LlvmLibrary.Utf8(HostTarget.Triple))
        fixed (byte* cpu = LlvmLibrary.Utf8(host.Cpu))
        fixed (byte* features = LlvmLibrary.Utf8(host.Features))
        {
            nint target;
            byte* message;
            if (llvm.GetTargetFromTriple(triple, &target, &message) != 0)
            {
                string reason = LlvmLibrary.Text(message);
                llvm.DisposeMessage(message);
                throw new CodegenException("LLVM has no x86-64 target: " + reason);
            }
            return llvm.CreateTargetMachine(target, triple, cpu, features, codegenLevel, RelocPic, CodeModelSmall);
        }
    }

    private static void RunPasses(LlvmLibrary llvm, nint module, nint machine, string passes)
    {
        nint options = llvm.CreatePassBuilderOptions();
        nint error;
        fixed (byte* pipeline = LlvmLibrary.Utf8(passes))
        {
            error = llvm.RunPasses(module, pipeline, machine, options);
        }
        llvm.DisposePassBuilderOptions(options);
        if (error != 0)
        {
            byte* message = llvm.GetErrorMessage(error);
            string reason = LlvmLibrary.Text(message);
            llvm.DisposeErrorMessage(message);
            throw new CodegenException($"LLVM cannot run the passes '{passes}': {reason}");
        }
    }

    private static byte[] EmitFile(LlvmLibrary llvm, nint module, nint machine, int fileType)
    {
        byte* message;
        nint buffer;
        if (llvm.EmitToMemoryBuffer(machine, module, fileType, &message, &buffer) != 0)
        {
            string reason = LlvmLibrary.Text(message);
            llvm.DisposeMessage(message);
            throw new CodegenException("LLVM cannot emit the object: " + reason);
        }
        byte[] result = new ReadOnlySpan<byte>(
            llvm.GetBufferStart(buffer),
            checked((int)llvm.GetBufferSize(buffer))
        ).ToArray();
        llvm.DisposeMemoryBuffer(buffer);
        return result;
    }
}
