using Weir.Api;

namespace Weir.Shim;

/// <summary>The block size with which most threads fit, found by asking for each multiple of a warp.</summary>
internal static unsafe partial class CustomCalls
{
    internal static CuResult OccupancyMaxPotentialBlockSize(
        int* minGridSize,
        int* blockSize,
        nint func,
        nint blockSizeToDynamicSMemSize,
        nuint dynamicSMemSize,
        int blockSizeLimit
    ) =>
        OccupancyMaxPotentialBlockSizeWithFlags(
            minGridSize,
            blockSize,
            func,
            blockSizeToDynamicSMemSize,
            dynamicSMemSize,
            blockSizeLimit,
            0
        );

    internal static CuResult OccupancyMaxPotentialBlockSizeWithFlags(
        int* minGridSize,
        int* blockSize,
        nint func,
        nint blockSizeToDynamicSMemSize,
        nuint dynamicSMemSize,
        int blockSizeLimit,
        uint flags
    )
    {
        ClientThread* thread;
        var result = EnterContext(&thread);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (minGridSize == null || blockSize == null || blockSizeLimit < 0)
        {
            return CuResult.InvalidValue;
        }
        if (!Handles.IsLive(HandleKind.Function, func))
        {
            return CuResult.InvalidHandle;
        }
        if (!Handles.IsLive(HandleKind.Context, (nint)thread->Context))
        {
            return CuResult.InvalidContext;
        }
        var device = Snapshot.Device(Contexts.Device((nint)thread->Context));
        var warp = device->Attributes[(int)CUdevice_attribute.WarpSize];
        int largest;
        result = WireCalls.FuncGetAttribute(thread, &largest, CUfunction_attribute.MaxThreadsPerBlock, func);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (blockSizeLimit != 0 && blockSizeLimit < largest)
        {
            largest = blockSizeLimit;
        }
        var bestThreads = 0;
        var bestBlocks = 0;
        for (var size = largest; size > 0; size = (size - 1) / warp * warp)
        {
            var shared =
                blockSizeToDynamicSMemSize == 0
                    ? dynamicSMemSize
                    : ((delegate* unmanaged[SuppressGCTransition]<int, nuint>)blockSizeToDynamicSMemSize)(size);
            int blocks;
            result = WireCalls.OccupancyMaxActiveBlocksPerMultiprocessorWithFlags(
                thread,
                &blocks,
                func,
                size,
                shared,
                flags
            );
            if (result != CuResult.Success)
            {
                return result;
            }
            if (blocks * size > bestThreads)
            {
                bestThreads = blocks * size;
                bestBlocks = blocks;
                *blockSize = size;
            }
        }
        *minGridSize = bestBlocks * device->Attributes[(int)CUdevice_attribute.MultiprocessorCount];
        return bestBlocks == 0 ? CuResult.InvalidValue : CuResult.Success;
    }
}
