using System.Runtime.InteropServices;
using Weir.Api;
using Weir.Shim.Guest;

namespace Weir.Shim;

/// <summary>
/// An image that belongs to no context (cuLibraryLoadData): a copy of it, the modules made from it so far, one per context, and
/// the kernels that were asked for. In memory of the C library. Lists only grow until the library is unloaded, so that a
/// launch can walk them without a lock.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct Library
{
    internal byte* Image;
    internal ulong ImageBytes;
    internal LibraryModule* Modules;
    internal LibraryKernel* Kernels;

    /// <summary>A library with a copy of the image; null when there is no memory.</summary>
    internal static Library* Create(byte* image, ulong bytes)
    {
        var library = (Library*)GuestLibc.Allocate((nuint)sizeof(Library));
        // Zeroes behind it: a text may come without its NUL.
        var copy = library == null ? null : (byte*)GuestLibc.Allocate((nuint)bytes + 8);
        if (copy == null)
        {
            GuestLibc.Free(library);
            return null;
        }
        _ = GuestLibc.Copy(copy, image, (nuint)bytes);
        _ = GuestLibc.Fill(copy + bytes, 0, 8);
        *library = new Library { Image = copy, ImageBytes = bytes };
        return library;
    }

    /// <summary>The module made from it in a context; 0 when there is none yet.</summary>
    internal static nint ModuleIn(Library* library, ulong context)
    {
        for (var node = library->Modules; node != null; node = node->Next)
        {
            if (node->Context == context && Handles.IsLive(HandleKind.Module, node->Module))
            {
                return node->Module;
            }
        }
        return 0;
    }

    /// <summary>Frees it with its lists; the handles of its kernels die.</summary>
    internal static void Free(Library* library)
    {
        for (var module = library->Modules; module != null; )
        {
            var next = module->Next;
            GuestLibc.Free(module);
            module = next;
        }
        for (var kernel = library->Kernels; kernel != null; )
        {
            var next = kernel->Next;
            Handles.Release(HandleKind.Kernel, kernel->Handle);
            LibraryKernel.Free(kernel);
            kernel = next;
        }
        GuestLibc.Free(library->Image);
        GuestLibc.Free(library);
    }
}

/// <summary>The module made from a library in one context.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct LibraryModule
{
    internal LibraryModule* Next;
    internal ulong Context;
    internal nint Module;
}
