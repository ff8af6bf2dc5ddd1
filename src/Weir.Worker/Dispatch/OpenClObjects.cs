using Weir.Api;
using Weir.Devices.OpenCl;
using Weir.Wire;
using Weir.Worker.OpenCl;

namespace Weir.Worker;

/// <content>OpenCL: contexts, queues, memory objects, samplers.</content>
internal sealed unsafe partial class Dispatcher
{
    private const uint TypeBuffer = 0x10F0;
    private const uint Type3D = 0x10F2;
    private const uint Type2DArray = 0x10F3;
    private const uint Type1DArray = 0x10F5;

    private OpenClSession OpenCl => session.OpenCl;

    // Only after ClList or on an object, which nobody has before.
    private OpenClLibrary Cl => session.OpenCl.Library ?? throw new ProtocolException("OpenCL is not open");

    private partial ClResult OnClList(ref ReplyWriter reply)
    {
        if (!OpenCl.TryOpen())
        {
            return ClResult.PlatformNotFound;
        }
        int count = OpenCl.Platforms.Count;
        uint* words = (uint*)reply.Reserve((uint)(1 + count) * sizeof(uint));
        words[0] = (uint)count;
        for (int i = 0; i < count; i++)
        {
            words[1 + i] = (uint)OpenCl.Devices.Count(device => device.Platform == i);
        }
        return ClResult.Success;
    }

    private partial ClResult OnClCreateContext(
        ulong context,
        uint count,
        ulong* devices,
        uint length_devices,
        ref ReplyWriter reply
    )
    {
        const nint Platform = 0x1084;
        // A session that was moved is opened by its journal.
        if (!OpenCl.TryOpen())
        {
            return ClResult.DeviceNotAvailable;
        }
        nint* native = stackalloc nint[(int)Math.Min(count, 64) + 1];
        if (count is 0 or > 64 || !TryDevices(devices, count, native, out OpenClDevice? first))
        {
            return ClResult.InvalidDevice;
        }
        nint* properties = stackalloc nint[3];
        (properties[0], properties[1], properties[2]) = (Platform, OpenCl.Platforms[first!.Platform], 0);
        int code;
        nint made = Cl.CreateContext(properties, count, native, 0, null, &code);
        if (made == 0)
        {
            return Error(code);
        }
        Handles.Add(HandleKind.ClContext, context, made);
        OpenCl.Contexts[context] = new ContextNote(context, made, new Span<nint>(native, (int)count).ToArray());
        return ClResult.Success;
    }

    private partial ClResult OnClReleaseContext(ulong context, nint native_context, ref ReplyWriter reply)
    {
        Handles.Remove(HandleKind.ClContext, context);
        if (OpenCl.Contexts.TryRemove(context, out ContextNote? note) && note.TransferQueue != 0)
        {
            _ = Cl.ReleaseCommandQueue(note.TransferQueue);
        }
        return Cl.ReleaseContext(native_context);
    }

    private partial ClResult OnClCreateQueue(
        ulong queue,
        nint context,
        uint device,
        ulong properties,
        ref ReplyWriter reply
    )
    {
        const ulong OutOfOrder = 1;
        if (device >= OpenCl.Devices.Count)
        {
            return ClResult.InvalidDevice;
        }
        int code;
        nint made = Cl.CreateCommandQueue(context, OpenCl.Devices[(int)device].Native, properties, &code);
        if (made == 0)
        {
            return Error(code);
        }
        Handles.Add(HandleKind.ClQueue, queue, made);
        OpenCl.Queues[made] = new QueueNote(ContextAt(1), (properties & OutOfOrder) != 0);
        return ClResult.Success;
    }

    private partial ClResult OnClReleaseQueue(ulong queue, nint native_queue, ref ReplyWriter reply)
    {
        Handles.Remove(HandleKind.ClQueue, queue);
        _ = OpenCl.Queues.TryRemove(native_queue, out _);
        return Cl.ReleaseCommandQueue(native_queue);
    }

    private partial ClResult OnClFlush(nint queue, ref ReplyWriter reply) => Cl.Flush(queue);

    private partial ClResult OnClFinish(nint queue, ref ReplyWriter reply)
    {
        ClResult result = Cl.Finish(queue);
        OpenCl.Sweep();
        ClResult latched = OpenCl.Queues[queue].Take();
        return result == ClResult.Success ? latched : result;
    }

    private partial ClResult OnClCreateBuffer(
        ulong buffer,
        nint context,
        ulong flags,
        ulong size,
        ulong place,
        ref ReplyWriter reply
    )
    {
        const ulong UseHostPointer = 8;
        if (place != 0 && (session.Remote is not null || !session.Window.IsHost(place, size)))
        {
            return ClResult.InvalidHostPtr;
        }
        flags |= place != 0 ? UseHostPointer : 0;
        if (!OpenCl.Quota.TryTake(size))
        {
            return ClResult.MemObjectAllocationFailure;
        }
        int code;
        nint made = Cl.CreateBuffer(context, flags, (nuint)size, (void*)place, &code);
        if (made == 0)
        {
            OpenCl.Quota.Give(size);
            return Error(code);
        }
        Note(buffer, made, new MemoryNote(buffer, ContextAt(1), false, size, size, default));
        return ClResult.Success;
    }

    private partial ClResult OnClCreateSubBuffer(
        ulong buffer,
        nint parent,
        ulong flags,
        ulong origin,
        ulong size,
        ref ReplyWriter reply
    )
    {
        const uint Region = 0x1220;
        nuint* region = stackalloc nuint[2];
        (region[0], region[1]) = ((nuint)origin, (nuint)size);
        int code;
        nint made = Cl.CreateSubBuffer(parent, flags, Region, region, &code);
        if (made == 0)
        {
            return Error(code);
        }
        Note(buffer, made, new MemoryNote(buffer, OpenCl.Memory[parent].Context, false, size, 0, default));
        return ClResult.Success;
    }

    private partial ClResult OnClCreateImage(
        ulong image,
        nint context,
        nint parent,
        ulong flags,
        ClImageFormat* format,
        ClImageDesc* shape,
        ref ReplyWriter reply
    )
    {
        const uint ElementSize = 0x1111;
        shape->Memory = parent;
        ulong width = shape->Width;
        ulong height =
            shape->Type == Type1DArray ? shape->ArraySize
            : shape->Height == 0 ? 1
            : shape->Height;
        ulong depth =
            shape->Type == Type3D ? shape->Depth
            : shape->Type == Type2DArray ? shape->ArraySize
            : 1;
        int code;
        nint made = Cl.CreateImage(context, flags, format, shape, null, &code);
        if (made == 0)
        {
            return Error(code);
        }
        nuint element;
        _ = Cl.GetImageInfo(made, ElementSize, (nuint)sizeof(nuint), &element, null);
        UInt128 bytes = (UInt128)width * height * depth * element;
        ulong own = parent != 0 ? 0 : (ulong)UInt128.Min(bytes, ulong.MaxValue >> 1);
        if (!OpenCl.Quota.TryTake(own))
        {
            _ = Cl.ReleaseMemObject(made);
            return ClResult.MemObjectAllocationFailure;
        }
        var extent = new ImageExtent(width, height, depth, element);
        Note(image, made, new MemoryNote(image, ContextAt(1), true, (ulong)bytes, own, extent));
        return ClResult.Success;
    }

    private partial ClResult OnClReleaseMemory(ulong memory, nint native_memory, ref ReplyWriter reply)
    {
        Handles.Remove(HandleKind.ClMemory, memory);
        if (OpenCl.Memory.TryRemove(native_memory, out MemoryNote? note))
        {
            OpenCl.Quota.Give(note.OwnBytes);
        }
        return Cl.ReleaseMemObject(native_memory);
    }

    private partial ClResult OnClReleasePlaced(ulong memory, nint native_memory, ulong node, ref ReplyWriter reply)
    {
        OpenCl.WhenDestroyed(native_memory, node);
        return OnClReleaseMemory(memory, native_memory, ref reply);
    }

    private partial ClResult OnClCreateSampler(
        ulong sampler,
        nint context,
        uint normalized,
        uint addressing,
        uint filter,
        ref ReplyWriter reply
    )
    {
        int code;
        nint made = Cl.CreateSampler(context, normalized, addressing, filter, &code);
        if (made == 0)
        {
            return Error(code);
        }
        Handles.Add(HandleKind.ClSampler, sampler, made);
        return ClResult.Success;
    }

    private partial ClResult OnClReleaseSampler(ulong sampler, nint native_sampler, ref ReplyWriter reply)
    {
        Handles.Remove(HandleKind.ClSampler, sampler);
        return Cl.ReleaseSampler(native_sampler);
    }

    private partial ClResult OnClShareMemory(nint context, ulong address, ulong bytes, ref ReplyWriter reply)
    {
        if (session.Remote is not null || !session.Window.IsHost(address, bytes))
        {
            return ClResult.InvalidValue;
        }
        return OpenCl.Quota.TryTake(bytes) && OpenCl.Shared.TryAdd(address, bytes)
            ? ClResult.Success
            : ClResult.MemObjectAllocationFailure;
    }

    private partial ClResult OnClUnshareMemory(ulong address, ref ReplyWriter reply)
    {
        if (OpenCl.Shared.TryRemove(address, out ulong bytes))
        {
            OpenCl.Quota.Give(bytes);
        }
        return ClResult.Success;
    }

    private void Note(ulong handle, nint native, MemoryNote note)
    {
        Handles.Add(HandleKind.ClMemory, handle, native);
        OpenCl.Memory[native] = note;
    }

    // The context that the record names in this field.
    private ContextNote ContextAt(int field) =>
        OpenCl.Contexts.TryGetValue(((ulong*)Payload)[field], out ContextNote? note)
            ? note
            : throw new ProtocolException("a context that is none");

    private bool TryDevices(ulong* numbers, uint count, nint* native, out OpenClDevice? first)
    {
        first = null;
        for (uint i = 0; i < count; i++)
        {
            if (numbers[i] >= (ulong)OpenCl.Devices.Count)
            {
                return false;
            }
            OpenClDevice device = OpenCl.Devices[(int)numbers[i]];
            first ??= device;
            native[i] = device.Native;
        }
        return true;
    }

    // A driver that makes nothing and names no error.
    private static ClResult Error(int code) => code < 0 ? (ClResult)code : ClResult.OutOfResources;
}
