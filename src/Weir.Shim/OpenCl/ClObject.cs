using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Weir.Api;
using Weir.Shim.Guest;

namespace Weir.Shim;

/// <summary>
/// An object as the program holds it: its address is the program's <c>cl_…</c>, and its first field the table that the loader calls
/// through. An object lies where its handle's index says, in a region for its kind that is never given back, so that a pointer to
/// what has been released is an error and not a crash. It lives as long as the program refers to it or another object needs it.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ClObject
{
    private const int StrideBytes = 256;
    private const uint MostOfKind = 1 << 18;
    private const int FirstKind = (int)HandleKind.ClContext;
    private const int Kinds = (int)HandleKind.ClSampler - FirstKind + 1;

    private static byte* s_regions;

    /// <summary>The loader's table of functions.</summary>
    internal nint* Table;

    /// <summary>What the worker calls it.</summary>
    internal nint Handle;

    /// <summary>What the program has retained and not released.</summary>
    internal int References;

    /// <summary>Those, and other objects that need this one.</summary>
    internal int Uses;

    /// <summary>The context; null for a context.</summary>
    internal ClObject* Context;

    /// <summary>A kernel's program, an event's queue, a sub-buffer's buffer, an image's buffer.</summary>
    internal ClObject* Parent;

    /// <summary>A queue's device; an event's too.</summary>
    internal ClDevice* Device;

    /// <summary>Flags of memory, properties of a queue.</summary>
    internal ulong Flags;

    /// <summary>Bytes of memory.</summary>
    internal ulong Bytes;

    /// <summary>Offset of a sub-buffer in its parent.</summary>
    internal ulong Origin;

    /// <summary>What the program gave as a buffer's memory.</summary>
    internal byte* HostPointer;

    /// <summary>Where the program sees a buffer that is mapped; made at the first map.</summary>
    internal byte* Shadow;

    /// <summary>Shadow is where the buffer itself lies, seen by both sides: nothing needs to be moved.</summary>
    internal int IsPlaced;

    /// <summary>Bytes of a texel; 1 for a buffer.</summary>
    internal uint ElementBytes;

    /// <summary>CL_MEM_OBJECT_… of memory, CL_COMMAND_… of an event.</summary>
    internal uint Type;

    /// <summary>An image's format: channel order and type.</summary>
    internal uint Order;
    internal uint DataType;

    /// <summary>An image's shape.</summary>
    internal ClImageDesc Shape;

    /// <summary>Memory of the C library that goes with the object: a context's devices, a kernel's arguments.</summary>
    internal void* More;

    /// <summary>Maps that are not undone.</summary>
    internal ClMapping* Mappings;

    /// <summary>What the program wants to be told when the object is gone.</summary>
    internal ClNode* Destructors;

    /// <summary>What the program gave as properties, with the closing zero, and its bytes.</summary>
    internal void* Properties;
    internal uint PropertyBytes;

    /// <summary>A user event has its status.</summary>
    internal int IsSet;

    /// <summary>Reserve the regions: addresses, touched as used.</summary>
    internal static bool TryPrepare()
    {
        if (s_regions == null && sizeof(ClObject) <= StrideBytes)
        {
            s_regions = GuestLibc.MapZeroed((nuint)Kinds * MostOfKind * StrideBytes);
        }
        return s_regions != null;
    }

    /// <summary>
    /// The object for a handle that was minted, with one reference; null, and the handle is given back, when there are too many.
    /// </summary>
    internal static ClObject* Adopt(nint handle, ClObject* context)
    {
        var kind = (HandleKind)Wire.Handle.Kind((ulong)handle);
        var index = Wire.Handle.Index((ulong)handle);
        if (handle == 0 || index >= MostOfKind)
        {
            Handles.Release(kind, handle);
            return null;
        }
        var made = At(kind, index);
        *made = new ClObject
        {
            Table = OpenClTable.Functions,
            Handle = handle,
            References = 1,
            Uses = 1,
            Context = context,
            ElementBytes = 1,
        };
        Use(context);
        return made;
    }

    /// <summary>An object's kind.</summary>
    internal readonly HandleKind Kind => (HandleKind)Wire.Handle.Kind((ulong)Handle);

    /// <summary>The live object that a program's value stands for; null when it is none, or one of another kind.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ClObject* Of(nint value, HandleKind kind)
    {
        var offset = (ulong)value - (ulong)s_regions;
        if (s_regions == null || offset >= (ulong)Kinds * MostOfKind * StrideBytes || offset % StrideBytes != 0)
        {
            return null;
        }
        var found = (ClObject*)value;
        return found->References > 0 && Handles.IsLive(kind, found->Handle) ? found : null;
    }

    /// <summary>The program refers to it once more.</summary>
    internal static ClResult Retain(nint value, HandleKind kind, ClResult error)
    {
        var found = Of(value, kind);
        if (found == null)
        {
            return error;
        }
        Interlocked.Increment(ref found->References);
        Interlocked.Increment(ref found->Uses);
        return ClResult.Success;
    }

    /// <summary>The program refers to it once less.</summary>
    internal static ClResult Release(nint value, HandleKind kind, ClResult error)
    {
        var found = Of(value, kind);
        if (found == null)
        {
            return error;
        }
        Interlocked.Decrement(ref found->References);
        Unuse(found);
        return ClResult.Success;
    }

    /// <summary>Another object needs it.</summary>
    internal static void Use(ClObject* used)
    {
        if (used != null)
        {
            Interlocked.Increment(ref used->Uses);
        }
    }

    /// <summary>It is needed once less; with the last it ends, in the worker too.</summary>
    internal static void Unuse(ClObject* used)
    {
        while (used != null && Interlocked.Decrement(ref used->Uses) == 0)
        {
            var context = used->Context;
            var parent = used->Parent;
            OpenClCalls.End(used);
            Unuse(parent);
            used = context;
        }
    }

    private static ClObject* At(HandleKind kind, uint index) =>
        (ClObject*)(s_regions + ((nuint)((int)kind - FirstKind) * MostOfKind + index) * StrideBytes);
}

/// <summary>A device as the program holds it. Devices live as long as the process.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ClDevice
{
    internal nint* Table;
    internal ulong Magic;

    /// <summary>Its place among all devices.</summary>
    internal uint Index;
    internal ClPlatform* Platform;
    internal ulong Type;

    /// <summary>Answers that do not change.</summary>
    internal ClAnswer* Answers;

    internal const ulong ExpectedMagic = 0x4445_5649_4345_0001;
}

/// <summary>A platform as the program holds it.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ClPlatform
{
    internal nint* Table;
    internal ulong Magic;
    internal uint Index;
    internal uint FirstDevice;
    internal uint DeviceCount;
    internal ClAnswer* Answers;

    internal const ulong ExpectedMagic = 0x504C_4154_464F_0001;
}

/// <summary>An answer that does not change, in a list; its bytes follow.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ClAnswer
{
    internal ClAnswer* Next;
    internal uint Parameter;
    internal uint Bytes;
}

/// <summary>A part of memory that the program sees.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ClMapping
{
    internal ClMapping* Next;
    internal byte* Address;

    /// <summary>To be freed with the mapping; null when the memory is the object's.</summary>
    internal byte* Owned;

    /// <summary>What it held when it was mapped, where only what has changed travels back; else null.</summary>
    internal byte* Before;
    internal ulong Flags;
    internal ClBox Box;
}

/// <summary>What the client's own thread is to do; passed through the worker as a number.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ClNode
{
    internal ClNode* Next;

    /// <summary>The program's function, or null: a transfer whose turn it is.</summary>
    internal nint Function;
    internal void* UserData;

    /// <summary>The event that it is about.</summary>
    internal ClObject* Event;

    /// <summary>The transfer.</summary>
    internal ClObject* Memory;
    internal int IsRead;

    /// <summary>What the program asked to be told of.</summary>
    internal int Status;
    internal ClBox Box;
}
