using Weir.Api;

namespace Weir.Shim;

/// <summary>What a pointer is. Device ranges are asked of the worker; host memory is known here.</summary>
internal static unsafe partial class CustomCalls
{
    private struct PointerFacts
    {
        internal bool IsKnown;
        internal CUmemorytype Type;
        internal ulong Base;
        internal ulong Bytes;
        internal bool IsManaged;
        internal nint Context;
    }

    internal static CuResult PointerGetAttribute(void* data, CUpointer_attribute attribute, ulong ptr)
    {
        ClientThread* thread;
        var result = ClientThread.Enter(&thread);
        if (result != CuResult.Success)
        {
            return result;
        }
        PointerFacts facts;
        result = Inspect(thread, ptr, &facts);
        if (result != CuResult.Success)
        {
            return result;
        }
        return data == null || !facts.IsKnown ? CuResult.InvalidValue : Answer(data, attribute, ptr, facts);
    }

    /// <summary>A pointer that is none of ours is no error here: its answers are zero.</summary>
    internal static CuResult PointerGetAttributes(
        uint numAttributes,
        CUpointer_attribute* attributes,
        void** data,
        ulong ptr
    )
    {
        ClientThread* thread;
        var result = ClientThread.Enter(&thread);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (numAttributes == 0 || attributes == null || data == null)
        {
            return CuResult.InvalidValue;
        }
        PointerFacts facts;
        result = Inspect(thread, ptr, &facts);
        if (result != CuResult.Success)
        {
            return result;
        }
        for (var i = 0u; i < numAttributes; i++)
        {
            if (data[i] == null)
            {
                return CuResult.InvalidValue;
            }
            result = facts.IsKnown ? Answer(data[i], attributes[i], ptr, facts) : AnswerUnknown(data[i], attributes[i]);
            if (result != CuResult.Success && result != CuResult.InvalidValue)
            {
                return result;
            }
        }
        return CuResult.Success;
    }

    private static CuResult Inspect(ClientThread* thread, ulong pointer, PointerFacts* facts)
    {
        *facts = default;
        facts->Context = (nint)thread->Context;
        if (HostMemory.TryFind(pointer, out var range))
        {
            facts->IsKnown = true;
            facts->IsManaged = IsManaged(range);
            facts->Type = facts->IsManaged ? CUmemorytype.Device : CUmemorytype.Host;
            facts->Base = range.Address;
            facts->Bytes = range.AskedBytes;
            return CuResult.Success;
        }
        if (!Window.IsDevice(pointer) && !Window.IsDeviceElsewhere)
        {
            return CuResult.Success;
        }
        ulong start;
        nuint bytes;
        var result = WireCalls.MemGetAddressRange(thread, &start, &bytes, pointer);
        if (result is CuResult.InvalidValue or CuResult.NotFound or CuResult.InvalidContext)
        {
            return CuResult.Success;
        }
        facts->IsKnown = result == CuResult.Success;
        facts->Type = CUmemorytype.Device;
        facts->Base = start;
        facts->Bytes = bytes;
        return result;
    }

    private static CuResult Answer(void* data, CUpointer_attribute attribute, ulong pointer, in PointerFacts facts)
    {
        const int readWrite = 3;
        switch (attribute)
        {
            case CUpointer_attribute.Context:
                *(nint*)data = facts.Context;
                break;
            case CUpointer_attribute.MemoryType:
                *(uint*)data = (uint)facts.Type;
                break;
            case CUpointer_attribute.DevicePointer:
                *(ulong*)data = pointer;
                break;
            case CUpointer_attribute.HostPointer:
                *(ulong*)data = Window.IsHost(pointer) ? pointer : 0;
                return Window.IsHost(pointer) ? CuResult.Success : CuResult.InvalidValue;
            case CUpointer_attribute.BufferId:
                *(ulong*)data = facts.Base;
                break;
            case CUpointer_attribute.IsManaged:
                *(uint*)data = facts.IsManaged ? 1u : 0;
                break;
            case CUpointer_attribute.DeviceOrdinal:
                *(int*)data =
                    facts.Context != 0 && Handles.IsLive(HandleKind.Context, facts.Context)
                        ? Contexts.Device(facts.Context)
                        : 0;
                break;
            case CUpointer_attribute.RangeStartAddr or CUpointer_attribute.MappingBaseAddr:
                *(ulong*)data = facts.Base;
                break;
            case CUpointer_attribute.RangeSize or CUpointer_attribute.MappingSize:
                *(nuint*)data = (nuint)facts.Bytes;
                break;
            case CUpointer_attribute.Mapped:
                *(uint*)data = 1;
                break;
            case CUpointer_attribute.AccessFlags:
                *(int*)data = readWrite;
                break;
            case CUpointer_attribute.SyncMemops
            or CUpointer_attribute.IsLegacyCudaIpcCapable
            or CUpointer_attribute.IsGpuDirectRdmaCapable
            or CUpointer_attribute.IsHwDecompressCapable:
                *(uint*)data = 0;
                break;
            case CUpointer_attribute.AllowedHandleTypes or CUpointer_attribute.MempoolHandle:
                *(ulong*)data = 0;
                break;
            case CUpointer_attribute.P2PTokens:
                return CuResult.NotSupported;
            default:
                return CuResult.InvalidValue;
        }
        return CuResult.Success;
    }

    private static CuResult AnswerUnknown(void* data, CUpointer_attribute attribute)
    {
        const int noDevice = -2;
        switch (attribute)
        {
            case CUpointer_attribute.DeviceOrdinal:
                *(int*)data = noDevice;
                break;
            case CUpointer_attribute.MemoryType
            or CUpointer_attribute.SyncMemops
            or CUpointer_attribute.IsManaged
            or CUpointer_attribute.Mapped
            or CUpointer_attribute.AccessFlags
            or CUpointer_attribute.IsLegacyCudaIpcCapable
            or CUpointer_attribute.IsGpuDirectRdmaCapable
            or CUpointer_attribute.IsHwDecompressCapable:
                *(uint*)data = 0;
                break;
            case CUpointer_attribute.P2PTokens:
                return CuResult.NotSupported;
            default:
                *(ulong*)data = 0;
                break;
        }
        return CuResult.Success;
    }
}
