using System.Runtime.InteropServices;
using Weir.Devices.Software.KernelServices;
using Weir.Kernels.Abi;

namespace Weir.Devices.Software.Execution;

/// <summary>The table of functions that generated code calls (<see cref="KernelAbi.Helpers"/>).</summary>
internal static unsafe class KernelHelpers
{
    /// <summary>The table; lives as long as the process.</summary>
    public static nint* Table { get; } = Load();

    private static nint* Load()
    {
        nint library = NativeLibrary.Load("libm.so.6");
        nint* table = (nint*)NativeMemory.Alloc((nuint)((KernelAbi.SystemHelper + 1) * sizeof(nint)));
        for (int index = 0; index < KernelAbi.Helpers.Count; index++)
        {
            table[index] = NativeLibrary.GetExport(library, KernelAbi.Helpers[index]);
        }
        table[KernelAbi.SystemHelper] = KernelServiceCalls.Entry;
        return table;
    }
}
