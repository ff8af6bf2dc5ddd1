using Weir.Api;

namespace Weir.Shim.Graphs;

/// <summary>What records mean to a capture: where their stream is named, which become nodes and how.</summary>
internal static unsafe class CapturedRecords
{
    /// <summary>Which field of a record is its stream; −1 when it has none.</summary>
    internal static int StreamField(Op op) =>
        op switch
        {
            Op.StreamWaitEvent
            or Op.StreamSynchronize
            or Op.StreamQuery
            or Op.StreamDestroy
            or Op.StreamGetFlags
            or Op.StreamGetPriority
            or Op.GetStreamContext => 0,
            Op.EventRecord
            or Op.EventRecordWithFlags
            or Op.CopyInline
            or Op.ReadBack
            or Op.MemAllocAsync
            or Op.MemFreeAsync => 1,
            Op.HostFunction or Op.MemAllocFromPoolAsync => 2,
            Op.MemsetD8Async or Op.MemsetD16Async or Op.MemsetD32Async or Op.MemcpyDtoDAsync or Op.CopyDirect => 3,
            Op.MemsetD2D8Async or Op.MemsetD2D16Async or Op.MemsetD2D32Async or Op.CopyIn or Op.CopyOut => 5,
            Op.CopyRows => 6,
            Op.Launch => KernelWork.StreamField,
            Op.Copy3D => sizeof(CUDA_MEMCPY3D) / sizeof(ulong),
            _ => -1,
        };

    /// <summary>Which field of a record is an event that is asked about; −1 when there is none.</summary>
    internal static int EventField(Op op) =>
        op switch
        {
            Op.EventQuery or Op.EventSynchronize or Op.EventElapsedTime => 0,
            _ => -1,
        };

    /// <summary>Calls that work in the legacy default stream.</summary>
    internal static bool IsLegacy(Op op) =>
        op
            is Op.MemcpyDtoD
                or Op.MemsetD8
                or Op.MemsetD16
                or Op.MemsetD32
                or Op.MemsetD2D8
                or Op.MemsetD2D16
                or Op.MemsetD2D32;

    /// <summary>Calls that may wait for work under way, and are forbidden to a thread that captures.</summary>
    internal static bool IsUnsafe(Op op) =>
        op
            is Op.MemAlloc
                or Op.MemAllocPitch
                or Op.MemFree
                or Op.ArrayCreate
                or Op.Array3DCreate
                or Op.ArrayDestroy
                or Op.ModuleUnload;

    /// <summary>A record of a captured stream as a node; StreamCaptureUnsupported when it cannot be one.</summary>
    internal static CuResult Append(CapturedStream* stream, Op op, byte* payload, uint bytes)
    {
        var fields = (ulong*)payload;
        switch (op)
        {
            case Op.Launch:
                var given = new CUDA_KERNEL_NODE_PARAMS { func = (nint)fields[0] };
                return Captures.AppendWork(stream, CUgraphNodeType.Kernel, KernelWork.Create(payload, bytes, given));
            case Op.MemcpyDtoDAsync:
                var copy = new CUDA_MEMCPY3D
                {
                    srcMemoryType = CUmemorytype.Device,
                    srcDevice = fields[1],
                    dstMemoryType = CUmemorytype.Device,
                    dstDevice = fields[0],
                    WidthInBytes = (nuint)fields[2],
                    Height = 1,
                    Depth = 1,
                };
                return Captures.AppendWork(stream, CUgraphNodeType.Memcpy, CopyWork.Create(&copy));
            case Op.MemsetD8Async:
                return AppendFill(stream, fields, 1);
            case Op.MemsetD16Async:
                return AppendFill(stream, fields, 2);
            case Op.MemsetD32Async:
                return AppendFill(stream, fields, 4);
            case Op.MemsetD2D8Async:
                return AppendRows(stream, fields, 1);
            case Op.MemsetD2D16Async:
                return AppendRows(stream, fields, 2);
            case Op.MemsetD2D32Async:
                return AppendRows(stream, fields, 4);
            case Op.HostFunction when fields[3] == 0:
                var host = new CUDA_HOST_NODE_PARAMS { fn = (nint)fields[0], userData = (void*)fields[1] };
                return Captures.AppendWork(
                    stream,
                    CUgraphNodeType.Host,
                    GraphNode.Duplicate(&host, (nuint)sizeof(CUDA_HOST_NODE_PARAMS))
                );
            default:
                return CuResult.StreamCaptureUnsupported;
        }
    }

    private static CuResult AppendFill(CapturedStream* stream, ulong* fields, uint elementSize)
    {
        var fill = new CUDA_MEMSET_NODE_PARAMS
        {
            dst = fields[0],
            value = (uint)fields[1],
            elementSize = elementSize,
            width = (nuint)fields[2],
            height = 1,
        };
        return AppendFill(stream, &fill);
    }

    private static CuResult AppendRows(CapturedStream* stream, ulong* fields, uint elementSize)
    {
        var fill = new CUDA_MEMSET_NODE_PARAMS
        {
            dst = fields[0],
            pitch = (nuint)fields[1],
            value = (uint)fields[2],
            elementSize = elementSize,
            width = (nuint)fields[3],
            height = (nuint)fields[4],
        };
        return AppendFill(stream, &fill);
    }

    private static CuResult AppendFill(CapturedStream* stream, CUDA_MEMSET_NODE_PARAMS* fill) =>
        Captures.AppendWork(
            stream,
            CUgraphNodeType.Memset,
            GraphNode.Duplicate(fill, (nuint)sizeof(CUDA_MEMSET_NODE_PARAMS))
        );
}
