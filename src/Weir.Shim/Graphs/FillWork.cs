using Weir.Api;

namespace Weir.Shim.Graphs;

/// <summary>A memset node's work.</summary>
internal static unsafe class FillWork
{
    internal static CuResult Check(CUDA_MEMSET_NODE_PARAMS* fill) =>
        fill == null
        || (fill->elementSize != 1 && fill->elementSize != 2 && fill->elementSize != 4)
        || (fill->elementSize != 4 && fill->value >> (int)(8 * fill->elementSize) != 0)
        || (fill->height > 1 && fill->pitch < fill->width * fill->elementSize)
        || fill->dst == 0
            ? CuResult.InvalidValue
            : CuResult.Success;

    /// <summary>Post the fill to a stream.</summary>
    internal static CuResult Post(CUDA_MEMSET_NODE_PARAMS* fill, ClientThread* thread, nint stream)
    {
        if (fill->width == 0 || fill->height == 0)
        {
            return CuResult.Success;
        }
        if (fill->height == 1)
        {
            return fill->elementSize switch
            {
                1 => WireCalls.MemsetD8Async(thread, fill->dst, (byte)fill->value, fill->width, stream),
                2 => WireCalls.MemsetD16Async(thread, fill->dst, (ushort)fill->value, fill->width, stream),
                _ => WireCalls.MemsetD32Async(thread, fill->dst, fill->value, fill->width, stream),
            };
        }
        return fill->elementSize switch
        {
            1 => WireCalls.MemsetD2D8Async(
                thread,
                fill->dst,
                fill->pitch,
                (byte)fill->value,
                fill->width,
                fill->height,
                stream
            ),
            2 => WireCalls.MemsetD2D16Async(
                thread,
                fill->dst,
                fill->pitch,
                (ushort)fill->value,
                fill->width,
                fill->height,
                stream
            ),
            _ => WireCalls.MemsetD2D32Async(
                thread,
                fill->dst,
                fill->pitch,
                fill->value,
                fill->width,
                fill->height,
                stream
            ),
        };
    }
}
