using Weir.Api;
using Weir.Shim.Guest;

namespace Weir.Shim;

/// <summary>
/// The functions of OpenCL, reached through the table that each object names. This file: what all of them use.
/// </summary>
internal static unsafe partial class OpenClCalls
{
    /// <summary>For <see cref="OpenClSubject.WorkGroup"/>: the kernel's only device.</summary>
    private const ulong NoDevice = ulong.MaxValue;

    private static GuestLock s_lists;

    /// <summary>What the transport or the worker answered, as OpenCL says it.</summary>
    internal static ClResult Result(CuResult result) =>
        (int)result <= 0 ? (ClResult)(int)result
        : result == CuResult.OutOfMemory ? ClResult.OutOfHostMemory
        // CUDA's work of the same process has failed; OpenCL's has not.
        : (int)result is >= 700 and <= 719 ? ClResult.Success
        : ClResult.DeviceNotAvailable;

    /// <summary>An entry of the table that Weir has not; noted for <c>weir doctor</c>.</summary>
    internal static ClResult Refuse(ReadOnlySpan<byte> name)
    {
        fixed (byte* text = name)
        {
            if (!Session.IsForkedChild)
            {
                Missing.Add(text);
            }
        }
        return ClResult.InvalidOperation;
    }

    private static ClResult Enter(ClientThread** thread) =>
        ClientThread.Enter(thread) == CuResult.Success ? ClResult.Success : ClResult.OutOfResources;

    private static nint Fail(ClResult error, int* code)
    {
        if (code != null)
        {
            *code = (int)error;
        }
        return 0;
    }

    private static nint Give(ClObject* made, int* code)
    {
        if (code != null)
        {
            *code = made == null ? (int)ClResult.OutOfHostMemory : 0;
        }
        return (nint)made;
    }

    /// <summary>Answer a question with a value that the client knows.</summary>
    private static ClResult Answer(void* value, nuint bytes, nuint room, void* place, nuint* size)
    {
        if (place != null)
        {
            if (room < bytes)
            {
                return ClResult.InvalidValue;
            }
            if (bytes > 0)
            {
                _ = GuestLibc.Copy(place, value, bytes);
            }
        }
        if (size != null)
        {
            *size = bytes;
        }
        return ClResult.Success;
    }

    private static ClResult Answer(nint value, nuint room, void* place, nuint* size) =>
        Answer(&value, (nuint)sizeof(nint), room, place, size);

    private static ClResult Answer(uint value, nuint room, void* place, nuint* size) =>
        Answer(&value, sizeof(uint), room, place, size);

    private static ClResult Answer(ulong value, nuint room, void* place, nuint* size) =>
        Answer(&value, sizeof(ulong), room, place, size);

    /// <summary>Ask the worker, in as many pieces as it takes.</summary>
    private static ClResult Ask(
        OpenClSubject subject,
        ulong about,
        ulong extra,
        uint parameter,
        nuint room,
        void* place,
        nuint* size,
        void* input = null,
        uint inputBytes = 0
    )
    {
        ClientThread* thread;
        var result = Enter(&thread);
        if (result != ClResult.Success)
        {
            return result;
        }
        ulong offset = 0;
        while (true)
        {
            result = WireCalls.ClInfo(thread, (uint)subject, about, extra, parameter, offset, inputBytes, input);
            if (result != ClResult.Success)
            {
                return result;
            }
            var reply = thread->Reply;
            if (thread->ReplyBytes < 12)
            {
                return ClResult.Unknown;
            }
            var whole = *(ulong*)reply;
            var part = *(uint*)(reply + 8);
            if (part > thread->ReplyBytes - 12 || offset + part > whole)
            {
                return ClResult.Unknown;
            }
            if (size != null)
            {
                *size = (nuint)whole;
            }
            if (place == null)
            {
                return ClResult.Success;
            }
            if (room < whole)
            {
                return ClResult.InvalidValue;
            }
            _ = GuestLibc.Copy((byte*)place + offset, reply + 12, part);
            offset += part;
            if (offset == whole)
            {
                return ClResult.Success;
            }
            if (part == 0)
            {
                return ClResult.Unknown;
            }
        }
    }

    /// <summary>An object is needed no more: the worker is told, and what goes with it here is freed.</summary>
    internal static void End(ClObject* ended)
    {
        ClientThread* thread;
        if (Enter(&thread) == ClResult.Success)
        {
            var handle = ended->Handle;
            if (ended->IsPlaced != 0)
            {
                PlacedBuffers.End(thread, ended);
            }
            _ = ended->Kind switch
            {
                // Placed, and told so.
                HandleKind.ClMemory when !Handles.IsLive(HandleKind.ClMemory, handle) => ClResult.Success,
                HandleKind.ClContext => WireCalls.ClReleaseContext(thread, handle),
                HandleKind.ClQueue => WireCalls.ClReleaseQueue(thread, handle),
                HandleKind.ClMemory => WireCalls.ClReleaseMemory(thread, handle),
                HandleKind.ClProgram => WireCalls.ClReleaseProgram(thread, handle),
                HandleKind.ClKernel => WireCalls.ClReleaseKernel(thread, handle),
                HandleKind.ClEvent => WireCalls.ClReleaseEvent(thread, handle),
                _ => WireCalls.ClReleaseSampler(thread, handle),
            };
        }
        // The program's functions see the object still there, as the specification has it, and newest first.
        for (var node = ended->Destructors; node != null; )
        {
            var next = node->Next;
            if (node->Function != 0)
            {
                ((delegate* unmanaged[SuppressGCTransition]<nint, void*, void>)node->Function)(
                    (nint)ended,
                    node->UserData
                );
            }
            GuestLibc.Free(node);
            node = next;
        }
        ended->Destructors = null;
        if (ended->Shadow != null)
        {
            _ = GuestLibc.Unmap(ended->Shadow, (nuint)ended->Bytes);
            ended->Shadow = null;
        }
        for (var mapping = ended->Mappings; mapping != null; )
        {
            var next = mapping->Next;
            GuestLibc.Free(mapping->Owned);
            GuestLibc.Free(mapping->Before);
            GuestLibc.Free(mapping);
            mapping = next;
        }
        ended->Mappings = null;
        GuestLibc.Free(ended->More);
        GuestLibc.Free(ended->Properties);
        ended->More = null;
        ended->Properties = null;
    }

    private static ClResult NoteDestructor(ClObject* subject, nint function, void* userData)
    {
        if (function == 0)
        {
            return ClResult.InvalidValue;
        }
        var node = (ClNode*)GuestLibc.Allocate((nuint)sizeof(ClNode));
        if (node == null)
        {
            return ClResult.OutOfHostMemory;
        }
        *node = new ClNode { Function = function, UserData = userData };
        s_lists.Enter();
        node->Next = subject->Destructors;
        subject->Destructors = node;
        s_lists.Leave();
        return ClResult.Success;
    }

    private static bool KeepProperties(ClObject* subject, void* properties, uint bytes)
    {
        if (properties == null)
        {
            return true;
        }
        subject->Properties = GuestLibc.Allocate(bytes);
        if (subject->Properties == null)
        {
            return false;
        }
        _ = GuestLibc.Copy(subject->Properties, properties, bytes);
        subject->PropertyBytes = bytes;
        return true;
    }
}
