using System.Runtime.InteropServices;
using Weir.Api;
using Weir.Shim.Guest;

namespace Weir.Shim.Graphs;

/// <summary>
/// A copy node's work. Memory of the program's own, which the worker does not see, is read and written when the node's turn comes: a host
/// function of the shim packs it into page-locked memory before the copy, or unpacks it afterwards. So a copy sees what nodes before it made.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct CopyWork
{
    internal CUDA_MEMCPY3D Params;

    /// <summary>Retired works of the same instantiated graph.</summary>
    internal CopyWork* NextRetired;
    private BoxSide _source;
    private BoxSide _destination;
    private ulong _sourceArea;
    private ulong _destinationArea;
    private uint _isEmpty;

    internal static CopyWork* Create(CUDA_MEMCPY3D* copy)
    {
        var work = (CopyWork*)GuestLibc.Allocate((nuint)sizeof(CopyWork));
        if (work != null)
        {
            *work = new CopyWork { Params = *copy };
        }
        return work;
    }

    internal static void Free(CopyWork* work)
    {
        if (work == null)
        {
            return;
        }
        FreeArea(work->_sourceArea);
        FreeArea(work->_destinationArea == work->_sourceArea ? 0 : work->_destinationArea);
        GuestLibc.Free(work);
    }

    /// <summary>True when launches under way need the work itself.</summary>
    internal readonly bool HasAreas => (_sourceArea | _destinationArea) != 0;

    /// <summary>Are the operands such as can be copied?</summary>
    internal static CuResult Check(CUDA_MEMCPY3D* copy)
    {
        BoxSide source;
        BoxSide destination;
        return
            copy == null
            || (
                copy->WidthInBytes != 0
                && copy->Height != 0
                && copy->Depth != 0
                && !TrySides(copy, &source, &destination)
            )
            ? CuResult.InvalidValue
            : CuResult.Success;
    }

    /// <summary>Decide how the copy is done; for an instantiated graph.</summary>
    internal static CuResult Plan(CopyWork* work, ClientThread* thread)
    {
        var copy = &work->Params;
        work->_isEmpty = copy->WidthInBytes == 0 || copy->Height == 0 || copy->Depth == 0 ? 1u : 0;
        if (work->_isEmpty != 0)
        {
            return CuResult.Success;
        }
        if (!TrySides(copy, &work->_source, &work->_destination))
        {
            return CuResult.InvalidValue;
        }
        if (copy->Height > ushort.MaxValue && copy->Depth > 1)
        {
            return CuResult.InvalidValue;
        }
        var bytes = (ulong)copy->WidthInBytes * copy->Height * copy->Depth;
        if (work->_source.Array == 0 && !CustomCalls.IsShared(thread, work->_source))
        {
            work->_sourceArea = HostMemory.Allocate(bytes, 0);
            if (work->_sourceArea == 0)
            {
                return CuResult.OutOfMemory;
            }
        }
        if (work->_destination.Array == 0 && !CustomCalls.IsShared(thread, work->_destination))
        {
            // Between two places of the program's own one area serves both.
            work->_destinationArea = work->_sourceArea != 0 ? work->_sourceArea : HostMemory.Allocate(bytes, 0);
            if (work->_destinationArea == 0)
            {
                return CuResult.OutOfMemory;
            }
        }
        return work->HasAreas ? Callbacks.Start() : CuResult.Success;
    }

    /// <summary>Post the copy to a stream.</summary>
    internal static CuResult Post(CopyWork* work, ClientThread* thread, nint stream)
    {
        if (work->_isEmpty != 0)
        {
            return CuResult.Success;
        }
        var result = CuResult.Success;
        if (work->_sourceArea != 0)
        {
            result = PostOwn(&Pack, work, thread, stream);
        }
        if (result == CuResult.Success && (work->_sourceArea == 0 || work->_destinationArea == 0))
        {
            result = PostMiddle(work, thread, stream);
        }
        if (result == CuResult.Success && work->_destinationArea != 0)
        {
            result = PostOwn(&Unpack, work, thread, stream);
        }
        return result;
    }

    private static CuResult PostMiddle(CopyWork* work, ClientThread* thread, nint stream)
    {
        var seen = work->Params;
        var source = work->_source;
        var destination = work->_destination;
        if (work->_sourceArea != 0)
        {
            source = Area(work, work->_sourceArea);
            seen.srcXInBytes = seen.srcY = seen.srcZ = 0;
            seen.srcMemoryType = CUmemorytype.Host;
            seen.srcHost = (void*)work->_sourceArea;
            seen.srcPitch = seen.WidthInBytes;
            seen.srcHeight = seen.Height;
        }
        if (work->_destinationArea != 0)
        {
            destination = Area(work, work->_destinationArea);
            seen.dstXInBytes = seen.dstY = seen.dstZ = 0;
            seen.dstMemoryType = CUmemorytype.Host;
            seen.dstHost = (void*)work->_destinationArea;
            seen.dstPitch = seen.WidthInBytes;
            seen.dstHeight = seen.Height;
        }
        if (seen.Depth != 1 || source.Array != 0 || destination.Array != 0)
        {
            return WireCalls.Copy3D(thread, &seen, stream);
        }
        return seen.Height == 1
            ? WireCalls.CopyDirect(thread, destination.Base, source.Base, seen.WidthInBytes, stream)
            : WireCalls.CopyRows(
                thread,
                destination.Base,
                destination.Pitch,
                source.Base,
                source.Pitch,
                seen.WidthInBytes,
                seen.Height,
                stream
            );
    }

    private static BoxSide Area(CopyWork* work, ulong address) =>
        new()
        {
            Base = address,
            Pitch = work->Params.WidthInBytes,
            Height = work->Params.Height,
            Type = CUmemorytype.Host,
        };

    private static CuResult PostOwn(
        delegate* <void*, void> function,
        CopyWork* work,
        ClientThread* thread,
        nint stream
    ) => WireCalls.HostFunction(thread, (ulong)function, (ulong)work, stream, 0);

    private static void Pack(void* work)
    {
        var copy = (CopyWork*)work;
        copy->_source.Pack(&copy->Params, (byte*)copy->_sourceArea);
    }

    private static void Unpack(void* work)
    {
        var copy = (CopyWork*)work;
        copy->_destination.Unpack(&copy->Params, (byte*)copy->_destinationArea);
    }

    private static bool TrySides(CUDA_MEMCPY3D* copy, BoxSide* source, BoxSide* destination) =>
        BoxSide.TrySource(copy, source) && BoxSide.TryDestination(copy, destination);

    private static void FreeArea(ulong area)
    {
        if (area != 0)
        {
            _ = HostMemory.Free(area);
        }
    }
}
