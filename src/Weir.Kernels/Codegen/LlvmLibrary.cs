using System.Runtime.InteropServices;
using System.Text;

namespace Weir.Kernels.Codegen;

/// <summary>
/// The functions of libLLVM 19's C API (llvm-c/Core.h, TargetMachine.h, Transforms/PassBuilder.h) that the code
/// generator calls. Loaded once per process; LLVM itself is thread-safe as long as each compilation has its own
/// context.
/// </summary>
internal sealed unsafe class LlvmLibrary
{
    private static readonly string[] Names =
    [
        "libLLVM.so.19.1",
        "libLLVM-19.so.1",
        "libLLVM-19.so",
        "libLLVM.so.19",
        "/usr/lib/x86_64-linux-gnu/libLLVM.so.19.1",
        "/usr/lib/llvm-19/lib/libLLVM.so.19.1",
        "/usr/lib/llvm-19/lib/libLLVM.so.1",
        "/usr/lib64/llvm19/lib/libLLVM.so.19.1",
        "/usr/lib64/libLLVM.so.19.1",
    ];

    private static readonly Lazy<LlvmLibrary> Loaded = new(() => new LlvmLibrary());

    public readonly delegate* unmanaged<nint> ContextCreate;
    public readonly delegate* unmanaged<nint, void> ContextDispose;
    public readonly delegate* unmanaged<
        nint,
        delegate* unmanaged<nint, void*, void>,
        void*,
        void> ContextSetDiagnosticHandler;
    public readonly delegate* unmanaged<byte*, nuint, byte*, nint> CreateMemoryBufferCopy;
    public readonly delegate* unmanaged<nint, nint, nint*, byte**, int> ParseIR;
    public readonly delegate* unmanaged<byte*, void> DisposeMessage;
    public readonly delegate* unmanaged<nint, void> DisposeModule;
    public readonly delegate* unmanaged<byte*, nint*, byte**, int> GetTargetFromTriple;
    public readonly delegate* unmanaged<nint, byte*, byte*, byte*, int, int, int, nint> CreateTargetMachine;
    public readonly delegate* unmanaged<nint, void> DisposeTargetMachine;
    public readonly delegate* unmanaged<nint, nint> CreateTargetDataLayout;
    public readonly delegate* unmanaged<nint, void> DisposeTargetData;
    public readonly delegate* unmanaged<nint, nint, void> SetModuleDataLayout;
    public readonly delegate* unmanaged<nint, byte*, void> SetTarget;
    public readonly delegate* unmanaged<nint, nint, int, byte**, nint*, int> EmitToMemoryBuffer;
    public readonly delegate* unmanaged<nint, byte*> GetBufferStart;
    public readonly delegate* unmanaged<nint, nuint> GetBufferSize;
    public readonly delegate* unmanaged<nint, void> DisposeMemoryBuffer;
    public readonly delegate* unmanaged<byte*> GetHostCpuName;
    public readonly delegate* unmanaged<byte*> GetHostCpuFeatures;
    public readonly delegate* unmanaged<nint> CreatePassBuilderOptions;
    public readonly delegate* unmanaged<nint, void> DisposePassBuilderOptions;
    public readonly delegate* unmanaged<nint, byte*, nint, nint, nint> RunPasses;
    public readonly delegate* unmanaged<nint, byte*> GetErrorMessage;
    public readonly delegate* unmanaged<byte*, void> DisposeErrorMessage;
    public readonly delegate* unmanaged<nint, byte*> PrintModuleToString;

    private LlvmLibrary()
    {
        nint library = Open();
        ContextCreate = (delegate* unmanaged<nint>)Export(library, "LLVMContextCreate");
        ContextDispose = (delegate* unmanaged<nint, void>)Export(library, "LLVMContextDispose");
        ContextSetDiagnosticHandler = (delegate* unmanaged<
            nint,
            delegate* unmanaged<nint, void*, void>,
            void*,
            void>)Export(library, "LLVMContextSetDiagnosticHandler");
        CreateMemoryBufferCopy = (delegate* unmanaged<byte*, nuint, byte*, nint>)Export(
            library,
            "LLVMCreateMemoryBufferWithMemoryRangeCopy"
        );
        ParseIR = (delegate* unmanaged<nint, nint, nint*, byte**, int>)Export(library, "LLVMParseIRInContext");
        DisposeMessage = (delegate* unmanaged<byte*, void>)Export(library, "LLVMDisposeMessage");
        DisposeModule = (delegate* unmanaged<nint, void>)Export(library, "LLVMDisposeModule");
        GetTargetFromTriple = (delegate* unmanaged<byte*, nint*, byte**, int>)Export(
            library,
            "LLVMGetTargetFromTriple"
        );
        CreateTargetMachine = (delegate* unmanaged<nint, byte*, byte*, byte*, int, int, int, nint>)Export(
            library,
            "LLVMCreateTargetMachine"
        );
        DisposeTargetMachine = (delegate* unmanaged<nint, void>)Export(library, "LLVMDisposeTargetMachine");
        CreateTargetDataLayout = (delegate* unmanaged<nint, nint>)Export(library, "LLVMCreateTargetDataLayout");
        DisposeTargetData = (delegate* unmanaged<nint, void>)Export(library, "LLVMDisposeTargetData");
        SetModuleDataLayout = (delegate* unmanaged<nint, nint, void>)Export(library, "LLVMSetModuleDataLayout");
        SetTarget = (delegate* unmanaged<nint, byte*, void>)Export(library, "LLVMSetTarget");
        EmitToMemoryBuffer = (delegate* unmanaged<nint, nint, int, byte**, nint*, int>)Export(
            library,
            "LLVMTargetMachineEmitToMemoryBuffer"
        );
        GetBufferStart = (delegate* unmanaged<nint, byte*>)Export(library, "LLVMGetBufferStart");
        GetBufferSize = (delegate* unmanaged<nint, nuint>)Export(library, "LLVMGetBufferSize");
        DisposeMemoryBuffer = (delegate* unmanaged<nint, void>)Export(library, "LLVMDisposeMemoryBuffer");
        GetHostCpuName = (delegate* unmanaged<byte*>)Export(library, "LLVMGetHostCPUName");
        GetHostCpuFeatures = (delegate* unmanaged<byte*>)Export(library, "LLVMGetHostCPUFeatures");
        CreatePassBuilderOptions = (delegate* unmanaged<nint>)Export(library, "LLVMCreatePassBuilderOptions");
        DisposePassBuilderOptions = (delegate* unmanaged<nint, void>)Export(library, "LLVMDisposePassBuilderOptions");
        RunPasses = (delegate* unmanaged<nint, byte*, nint, nint, nint>)Export(library, "LLVMRunPasses");
        GetErrorMessage = (delegate* unmanaged<nint, byte*>)Export(library, "LLVMGetErrorMessage");
        DisposeErrorMessage = (delegate* unmanaged<byte*, void>)Export(library, "LLVMDisposeErrorMessage");
        PrintModuleToString = (delegate* unmanaged<nint, byte*>)Export(library, "LLVMPrintModuleToString");

        SetOptions((delegate* unmanaged<int, byte**, byte*, void>)Export(library, "LLVMParseCommandLineOptions"));
        ((delegate* unmanaged<void>)Export(library, "LLVMInitializeX86TargetInfo"))();
        ((delegate* unmanaged<void>)Export(library, "LLVMInitializeX86Target"))();
        ((delegate* unmanaged<void>)Export(library, "LLVMInitializeX86TargetMC"))();
        ((delegate* unmanaged<void>)Export(library, "LLVMInitializeX86AsmPrinter"))();
        ((delegate* unmanaged<void>)Export(library, "LLVMInitializeX86AsmParser"))();
    }

    /// <summary>The library, loaded and initialised at first use.</summary>
    /// <exception cref="CodegenException">libLLVM 19 is not installed.</exception>
    public static LlvmLibrary Instance => Loaded.Value;

    /// <summary>Text of a zero-terminated message that LLVM returned.</summary>
    public static string Text(byte* message) => message == null ? "" : Marshal.PtrToStringUTF8((nint)message) ?? "";

    /// <summary>Zero-terminated UTF-8 for an argument.</summary>
    public static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text + "\0");

    /// <summary>
    /// Moving integer work into mask registers costs a tenth of code generation and finds nothing to move: masks are
    /// predicates here from the start.
    /// </summary>
    private static void SetOptions(delegate* unmanaged<int, byte**, byte*, void> parse)
    {
        fixed (byte* name = "weir\0"u8)
        fixed (byte* noDomains = "-disable-x86-domain-reassignment\0"u8)
        {
            byte** arguments = stackalloc byte*[] { name, noDomains };
            parse(2, arguments, null);
        }
    }

    private static nint Open()
    {
        string? chosen = Environment.GetEnvironmentVariable("WEIR_LLVM");
        if (!string.IsNullOrEmpty(chosen))
        {
            return NativeLibrary.TryLoad(chosen, out nint named)
                ? named
                : throw new CodegenException(
                    $"libLLVM cannot be loaded from '{chosen}' (environment variable WEIR_LLVM)."
                );
        }
        foreach (string name in Names)
        {
            if (NativeLibrary.TryLoad(name, out nint handle))
            {
                return handle;
            }
        }
        throw new CodegenException(
            "libLLVM 19 was not found. Install it (Debian: apt-get install libllvm19) or name it in the environment variable WEIR_LLVM."
        );
    }

    private static nint Export(nint library, string name) =>
        NativeLibrary.TryGetExport(library, name, out nint address)
            ? address
            : throw new CodegenException($"libLLVM has no function {name}; LLVM 19 is needed.");
}
