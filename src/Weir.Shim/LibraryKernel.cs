using System.Runtime.InteropServices;
using Weir.Api;
using Weir.Shim.Guest;

namespace Weir.Shim;

/// <summary>A kernel of a library: its name, and the function that it is in each context where it was used.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct LibraryKernel
{
    internal LibraryKernel* Next;
    internal nint Handle;
    internal nint Library;
    internal byte* Name;
    internal KernelFunction* Functions;

    /// <summary>A kernel with a copy of its name behind it; null when there is no memory.</summary>
    internal static LibraryKernel* Create(nint library, byte* name)
    {
        var nameBytes = GuestLibc.Length(name) + 1;
        var kernel = (LibraryKernel*)GuestLibc.Allocate((nuint)sizeof(LibraryKernel) + nameBytes);
        if (kernel == null)
        {
            return null;
        }
        *kernel = new LibraryKernel { Library = library, Name = (byte*)(kernel + 1) };
        _ = GuestLibc.Copy(kernel->Name, name, nameBytes);
        return kernel;
    }

    /// <summary>Its function in a context; 0 when it was not used there yet. No lock: nodes are only ever added in front.</summary>
    internal static nint FunctionIn(LibraryKernel* kernel, ulong context)
    {
        for (var node = (KernelFunction*)Volatile.Read(ref *(nint*)&kernel->Functions); node != null; node = node->Next)
        {
            if (node->Context == context && Handles.IsLive(HandleKind.Function, node->Function))
            {
                return node->Function;
            }
        }
        return 0;
    }

    /// <summary>Remembers its function in a context; without memory it is looked up again next time.</summary>
    internal static void Remember(LibraryKernel* kernel, ulong context, nint function)
    {
        var node = (KernelFunction*)GuestLibc.Allocate((nuint)sizeof(KernelFunction));
        if (node != null)
        {
            *node = new KernelFunction
            {
                Next = kernel->Functions,
                Context = context,
                Function = function,
            };
            Volatile.Write(ref *(nint*)&kernel->Functions, (nint)node);
        }
    }

    internal static void Free(LibraryKernel* kernel)
    {
        for (var node = kernel->Functions; node != null; )
        {
            var next = node->Next;
            GuestLibc.Free(node);
            node = next;
        }
        GuestLibc.Free(kernel);
    }
}

/// <summary>What a kernel is in one context.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct KernelFunction
{
    internal KernelFunction* Next;
    internal ulong Context;
    internal nint Function;
}
