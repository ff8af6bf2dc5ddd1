using Weir.Devices.Software.Execution;
using Weir.Devices.Software.Native;
using Weir.Kernels.Abi;

namespace Weir.Devices.Software.Tests.Faults;

/// <summary>A kernel from machine code, so that it can do what compiled ones check against.</summary>
internal sealed unsafe class RawKernel : IDisposable
{
    /// <summary>mov rax, [rdi+0x28]; mov dword [rax], 1; xor eax, eax; ret: writes to the launch's WindowBase.</summary>
    public static readonly byte[] WriteToWindowBase =
    [
        0x48,
        0x8b,
        0x47,
        0x28,
        0xc7,
        0x00,
        1,
        0,
        0,
        0,
        0x31,
        0xc0,
        0xc3,
    ];

    /// <summary>xor edx, edx; xor eax, eax; div edx; ret.</summary>
    public static readonly byte[] DivideByZero = [0x31, 0xd2, 0x31, 0xc0, 0xf7, 0xf2, 0xc3];

    /// <summary>xor eax, eax; ret.</summary>
    public static readonly byte[] Nothing = [0x31, 0xc0, 0xc3];

    private readonly nint code;

    public RawKernel(ReadOnlySpan<byte> bytes)
    {
        code = LibC.Map(0, 4096, LibC.ProtRead | LibC.ProtWrite, LibC.MapPrivate | LibC.MapAnonymous, -1, 0);
        bytes.CopyTo(new Span<byte>((void*)code, bytes.Length));
        Assert.Equal(0, LibC.Protect(code, 4096, LibC.ProtRead | LibC.ProtExec));
        Kernel = new LoadedKernel
        {
            Function = code,
            Symbols = null,
            Info = new KernelInfo
            {
                Name = "raw",
                ParameterBytes = 0,
                SharedBytes = 0,
                LocalBytes = 0,
                MaxThreads = 1024,
                Registers = 1,
                ScratchBytesPerVector = 0,
                ScratchFixedBytes = 0,
                VectorLanes = 16,
                VectorsStayInRow = false,
                GlobalSymbols = [],
                StraightLineInstructions = 1,
                UsesTextures = false,
            },
        };
    }

    public LoadedKernel Kernel { get; }

    public KernelFault Run(ExecutorSlot slot, ulong windowBase = 0)
    {
        KernelLaunch launch = default;
        launch.BlockX = launch.BlockY = launch.BlockZ = 1;
        launch.WindowBase = windowBase;
        return slot.Call(Kernel, &launch, 0, 1);
    }

    public void Dispose() => _ = LibC.Unmap(code, 4096);
}
