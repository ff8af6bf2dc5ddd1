using System.Runtime.InteropServices;
using Weir.Api;
using Weir.Shim.Guest;

namespace Weir.Shim.Graphs;

/// <summary>A kernel node's launch: the payload of an op Launch, whole, and what the program is to get back of it.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct KernelWork
{
    /// <summary>Fields of op Launch before its arguments: 11 of 8 bytes, then the arguments' length.</summary>
    internal const int LaunchFields = 11 * 8;

    /// <summary>Which field of the payload is the stream.</summary>
    internal const int StreamField = 8;

    private const int FlagsField = 9;
    private const uint CooperativeFlag = 1;

    /// <summary>Attributes that a node keeps.</summary>
    private const uint AttributeCount = 16;
    private const uint AttributeBytes = 64;

    /// <summary>As the program gave them; the arguments' pointers lead into the payload.</summary>
    internal CUDA_KERNEL_NODE_PARAMS Params;

    /// <summary>Bytes of the payload.</summary>
    internal uint Bytes;
    internal uint ParameterCount;
    internal byte* Attributes;
    internal uint AttributesSet;

    internal static byte* Payload(KernelWork* work) => (byte*)(work + 1);

    internal static void** Pointers(KernelWork* work) => (void**)(Payload(work) + ((work->Bytes + 7) & ~7u));

    /// <summary>From the record of a launch. <paramref name="given"/> says what the program called the function.</summary>
    internal static KernelWork* Create(byte* payload, uint bytes, CUDA_KERNEL_NODE_PARAMS given)
    {
        var field = (ulong*)payload;
        var layout = (FunctionLayout*)*Handles.Data(HandleKind.Function, (nint)field[0]);
        var count = layout->ParameterCount;
        var work = (KernelWork*)
            GuestLibc.Allocate((nuint)sizeof(KernelWork) + ((bytes + 7) & ~7u) + count * (nuint)sizeof(void*));
        if (work == null)
        {
            return null;
        }
        *work = new KernelWork
        {
            Params = given,
            Bytes = bytes,
            ParameterCount = count,
        };
        work->Params.gridDimX = (uint)field[1];
        work->Params.gridDimY = (uint)field[2];
        work->Params.gridDimZ = (uint)field[3];
        work->Params.blockDimX = (uint)field[4];
        work->Params.blockDimY = (uint)field[5];
        work->Params.blockDimZ = (uint)field[6];
        work->Params.sharedMemBytes = (uint)field[7];
        _ = GuestLibc.Copy(Payload(work), payload, bytes);
        var place = FunctionLayout.Parameters(layout);
        for (var i = 0u; i < count; i++, place += 2)
        {
            Pointers(work)[i] = Payload(work) + LaunchFields + 4 + place[0];
        }
        work->Params.kernelParams = count == 0 ? null : Pointers(work);
        work->Params.extra = null;
        if (field[FlagsField] != 0)
        {
            var value = stackalloc uint[(int)AttributeBytes / sizeof(uint)];
            _ = GuestLibc.Fill(value, 0, AttributeBytes);
            value[0] = 1;
            _ = TrySetAttribute(work, CUlaunchAttributeID.Cooperative, value);
        }
        return work;
    }

    internal static KernelWork* Clone(KernelWork* work)
    {
        var bytes = (nuint)sizeof(KernelWork) + ((work->Bytes + 7) & ~7u) + work->ParameterCount * (nuint)sizeof(void*);
        var clone = (KernelWork*)GraphNode.Duplicate(work, bytes);
        if (clone == null)
        {
            return null;
        }
        for (var i = 0u; i < work->ParameterCount; i++)
        {
            Pointers(clone)[i] = (byte*)clone + ((byte*)Pointers(work)[i] - (byte*)work);
        }
        clone->Params.kernelParams = work->ParameterCount == 0 ? null : Pointers(clone);
        if (work->Attributes != null)
        {
            clone->Attributes = (byte*)GraphNode.Duplicate(work->Attributes, AttributeCount * AttributeBytes);
            if (clone->Attributes == null)
            {
                GuestLibc.Free(clone);
                return null;
            }
        }
        return clone;
    }

    internal static void Free(KernelWork* work)
    {
        if (work != null)
        {
            GuestLibc.Free(work->Attributes);
            GuestLibc.Free(work);
        }
    }

    /// <summary>Post the launch to a stream.</summary>
    internal static CuResult Post(KernelWork* work, ClientThread* thread, nint stream)
    {
        var record = thread->Begin(Op.Launch, work->Bytes);
        if (record == null)
        {
            return CuResult.DeviceUnavailable;
        }
        _ = GuestLibc.Copy(record, Payload(work), work->Bytes);
        ((ulong*)record)[StreamField] = (ulong)stream;
        return thread->Post();
    }

    /// <summary>Keep an attribute, 64 bytes; one that changes the launch takes effect.</summary>
    internal static CuResult TrySetAttribute(KernelWork* work, CUlaunchAttributeID id, void* value)
    {
        if ((uint)id >= AttributeCount)
        {
            return CuResult.InvalidValue;
        }
        if (work->Attributes == null)
        {
            work->Attributes = (byte*)GuestLibc.Allocate(AttributeCount * AttributeBytes);
            if (work->Attributes == null)
            {
                return CuResult.OutOfMemory;
            }
            _ = GuestLibc.Fill(work->Attributes, 0, AttributeCount * AttributeBytes);
        }
        _ = GuestLibc.Copy(work->Attributes + (uint)id * AttributeBytes, value, AttributeBytes);
        work->AttributesSet |= 1u << (int)id;
        if (id == CUlaunchAttributeID.Cooperative)
        {
            ((ulong*)Payload(work))[FlagsField] = *(uint*)value != 0 ? CooperativeFlag : 0;
        }
        return CuResult.Success;
    }

    /// <summary>An attribute that was set, or zeros.</summary>
    internal static CuResult TryGetAttribute(KernelWork* work, CUlaunchAttributeID id, void* value)
    {
        if ((uint)id >= AttributeCount)
        {
            return CuResult.InvalidValue;
        }
        if (work->Attributes == null)
        {
            _ = GuestLibc.Fill(value, 0, AttributeBytes);
        }
        else
        {
            _ = GuestLibc.Copy(value, work->Attributes + (uint)id * AttributeBytes, AttributeBytes);
        }
        return CuResult.Success;
    }

    /// <summary>All attributes of one node to another.</summary>
    internal static CuResult CopyAttributes(KernelWork* source, KernelWork* destination)
    {
        for (var id = 0u; id < AttributeCount; id++)
        {
            if ((source->AttributesSet & (1u << (int)id)) == 0)
            {
                continue;
            }
            var result = TrySetAttribute(
                destination,
                (CUlaunchAttributeID)id,
                source->Attributes + id * AttributeBytes
            );
            if (result != CuResult.Success)
            {
                return result;
            }
        }
        return CuResult.Success;
    }
}
