using System.CommandLine;
using System.Runtime.InteropServices;
using System.Text;

namespace Weir.Cli.Doctor;

/// <summary>
/// `weir self-test` (hidden; run by doctor under the launcher): a client of libcuda.so.1 that compiles and runs a kernel.
/// </summary>
internal static unsafe class SelfTestCommand
{
    public const string CommandName = "self-test";

    private const int Threads = 64;

    // out[i] = 3 i + 1
    private const string Kernel = """
        .version 6.0
        .target sm_60
        .address_size 64
        .visible .entry check(.param .u64 out)
        {
          .reg .b32 %r<3>;
          .reg .b64 %rd<4>;
          ld.param.u64 %rd1, [out];
          mov.u32 %r1, %tid.x;
          mad.lo.s32 %r2, %r1, 3, 1;
          mul.wide.u32 %rd2, %r1, 4;
          add.s64 %rd3, %rd1, %rd2;
          st.global.u32 [%rd3], %r2;
          ret;
        }
        """;

    public static Command Create()
    {
        var command = new Command(CommandName, "Compile and run a kernel on the device of this run.") { Hidden = true };
        command.SetAction(_ =>
        {
            try
            {
                Console.WriteLine(Run());
                return ExitCodes.Success;
            }
            catch (Exception failure) when (failure is InvalidOperationException or DllNotFoundException)
            {
                Console.Error.WriteLine(failure.Message);
                return ExitCodes.Failure;
            }
        });
        return command;
    }

    private static string Run()
    {
        nint library = NativeLibrary.Load("libcuda.so.1");
        Check("cuInit", ((delegate* unmanaged<uint, int>)Symbol("cuInit"))(0));
        int device;
        Check("cuDeviceGet", ((delegate* unmanaged<int*, int, int>)Symbol("cuDeviceGet"))(&device, 0));
        byte* name = stackalloc byte[256];
        Check(
            "cuDeviceGetName",
            ((delegate* unmanaged<byte*, int, int, int>)Symbol("cuDeviceGetName"))(name, 256, device)
        );
        nint context;
        Check(
            "cuCtxCreate",
            ((delegate* unmanaged<nint*, uint, int, int>)Symbol("cuCtxCreate_v2"))(&context, 0, device)
        );
        nint module;
        nint function;
        fixed (byte* text = Encoding.ASCII.GetBytes(Kernel + "\0"))
        fixed (byte* entry = "check\0"u8)
        {
            Check(
                "cuModuleLoadData",
                ((delegate* unmanaged<nint*, byte*, int>)Symbol("cuModuleLoadData"))(&module, text)
            );
            Check(
                "cuModuleGetFunction",
                ((delegate* unmanaged<nint*, nint, byte*, int>)Symbol("cuModuleGetFunction"))(&function, module, entry)
            );
        }
        ulong memory;
        Check("cuMemAlloc", ((delegate* unmanaged<ulong*, nuint, int>)Symbol("cuMemAlloc_v2"))(&memory, Threads * 4));
        void** arguments = stackalloc void*[1];
        arguments[0] = &memory;
        var launch = (delegate* unmanaged<
            nint,
            uint,
            uint,
            uint,
            uint,
            uint,
            uint,
            uint,
            nint,
            void**,
            void**,
            int>)Symbol("cuLaunchKernel");
        Check("cuLaunchKernel", launch(function, 1, 1, 1, Threads, 1, 1, 0, 0, arguments, null));
        int* result = stackalloc int[Threads];
        Check(
            "cuMemcpyDtoH",
            ((delegate* unmanaged<void*, ulong, nuint, int>)Symbol("cuMemcpyDtoH_v2"))(result, memory, Threads * 4)
        );
        for (int i = 0; i < Threads; i++)
        {
            if (result[i] != 3 * i + 1)
            {
                throw new InvalidOperationException($"a kernel computed {result[i]} where {3 * i + 1} is right");
            }
        }
        Check("cuCtxDestroy", ((delegate* unmanaged<nint, int>)Symbol("cuCtxDestroy_v2"))(context));
        return $"{Marshal.PtrToStringUTF8((nint)name)}: a kernel was compiled and ran";

        nint Symbol(string symbol) =>
            NativeLibrary.TryGetExport(library, symbol, out nint address)
                ? address
                : throw new InvalidOperationException($"libcuda.so.1 has no {symbol}");
    }

    private static void Check(string call, int result)
    {
        if (result != 0)
        {
            throw new InvalidOperationException($"{call} answers {result}");
        }
    }
}
