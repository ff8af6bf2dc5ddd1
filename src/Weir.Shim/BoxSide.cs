using Weir.Api;
using Weir.Shim.Guest;

namespace Weir.Shim;

/// <summary>One side of a copy of a box: memory with a pitch and a height, or an array.</summary>
internal unsafe struct BoxSide
{
    /// <summary>Address of the first byte that counts; 0 for an array.</summary>
    internal ulong Base;
    internal ulong Pitch;

    /// <summary>Rows from slice to slice.</summary>
    internal ulong Height;
    internal nint Array;

    /// <summary>What the program says the address is.</summary>
    internal CUmemorytype Type;

    internal static bool TrySource(CUDA_MEMCPY3D* copy, BoxSide* side) =>
        Try(
            side,
            copy->srcMemoryType,
            copy->srcHost,
            copy->srcDevice,
            copy->srcArray,
            copy->srcPitch,
            copy->srcHeight,
            copy->srcXInBytes,
            copy->srcY,
            copy->srcZ,
            copy
        );

    internal static bool TryDestination(CUDA_MEMCPY3D* copy, BoxSide* side) =>
        Try(
            side,
            copy->dstMemoryType,
            copy->dstHost,
            copy->dstDevice,
            copy->dstArray,
            copy->dstPitch,
            copy->dstHeight,
            copy->dstXInBytes,
            copy->dstY,
            copy->dstZ,
            copy
        );

    /// <summary>The only slice, as rows.</summary>
    internal readonly Rows Rows(CUDA_MEMCPY3D* copy) => new(Base, Pitch, copy->WidthInBytes, copy->Height);

    internal readonly void Pack(CUDA_MEMCPY3D* copy, byte* packed)
    {
        var width = copy->WidthInBytes;
        for (nuint z = 0; z < copy->Depth; z++)
        {
            for (nuint y = 0; y < copy->Height; y++, packed += width)
            {
                _ = GuestLibc.Copy(packed, (void*)(Base + (z * Height + y) * Pitch), width);
            }
        }
    }

    internal readonly void Unpack(CUDA_MEMCPY3D* copy, byte* packed)
    {
        var width = copy->WidthInBytes;
        for (nuint z = 0; z < copy->Depth; z++)
        {
            for (nuint y = 0; y < copy->Height; y++, packed += width)
            {
                _ = GuestLibc.Copy((void*)(Base + (z * Height + y) * Pitch), packed, width);
            }
        }
    }

    private static bool Try(
        BoxSide* side,
        CUmemorytype type,
        void* host,
        ulong device,
        nint array,
        nuint pitch,
        nuint height,
        nuint x,
        nuint y,
        nuint z,
        CUDA_MEMCPY3D* copy
    )
    {
        *side = default;
        side->Type = type;
        if (type == CUmemorytype.Array)
        {
            side->Array = array;
            return Handles.IsLive(HandleKind.Array, array);
        }
        var address = type switch
        {
            CUmemorytype.Host => (ulong)host,
            CUmemorytype.Device or CUmemorytype.Unified => device,
            _ => 0UL,
        };
        side->Pitch = pitch == 0 ? copy->WidthInBytes + x : pitch;
        side->Height = height == 0 ? copy->Height + y : height;
        // A row may not reach over the pitch; one row alone needs none.
        if (address == 0 || (side->Pitch < copy->WidthInBytes + x && copy->Height * copy->Depth > 1))
        {
            return false;
        }
        side->Base = address + (z * side->Height + y) * side->Pitch + x;
        return true;
    }
}
