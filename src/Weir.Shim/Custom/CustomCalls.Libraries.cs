using Weir.Api;
using Weir.Shim.Guest;

namespace Weir.Shim;

/// <summary>
/// Libraries and their kernels: the image is kept here, and becomes a module in each context where something of it is used.
/// The worker knows modules and functions only.
/// </summary>
internal static unsafe partial class CustomCalls
{
    private static GuestLock s_libraries;

    internal static CuResult LibraryLoadData(
        nint* library,
        void* code,
        CUjit_option* jitOptions,
        void** jitOptionsValues,
        uint numJitOptions,
        int* libraryOptions,
        void** libraryOptionValues,
        uint numLibraryOptions
    )
    {
        ClientThread* thread;
        var result = ClientThread.Enter(&thread);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (
            library == null
            || code == null
            || (numJitOptions != 0 && (jitOptions == null || jitOptionsValues == null))
            || (numLibraryOptions != 0 && libraryOptions == null)
        )
        {
            return CuResult.InvalidValue;
        }
        if (!ModuleImage.TryMeasure((byte*)code, out var data, out var bytes))
        {
            return CuResult.InvalidImage;
        }
        var logs = new JitLogs(numJitOptions, jitOptions, jitOptionsValues);
        return AddLibrary(thread, library, data, bytes, &logs);
    }

    internal static CuResult LibraryLoadFromFile(
        nint* library,
        byte* fileName,
        CUjit_option* jitOptions,
        void** jitOptionsValues,
        uint numJitOptions,
        int* libraryOptions,
        void** libraryOptionValues,
        uint numLibraryOptions
    )
    {
        ClientThread* thread;
        var result = ClientThread.Enter(&thread);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (library == null || fileName == null)
        {
            return CuResult.InvalidValue;
        }
        var image = ImageFile.Map(fileName, out var bytes, out result);
        if (image != null)
        {
            result = LibraryLoadData(
                library,
                image,
                jitOptions,
                jitOptionsValues,
                numJitOptions,
                libraryOptions,
                libraryOptionValues,
                numLibraryOptions
            );
            ImageFile.Unmap(image, bytes);
        }
        return result;
    }

    internal static CuResult LibraryUnload(nint library)
    {
        ClientThread* thread;
        var result = ClientThread.Enter(&thread);
        if (result != CuResult.Success)
        {
            return result;
        }
        s_libraries.Enter();
        if (!Handles.IsLive(HandleKind.Library, library))
        {
            s_libraries.Leave();
            return CuResult.InvalidHandle;
        }
        var data = LibraryOf(library);
        for (var module = data->Modules; module != null; module = module->Next)
        {
            // A module whose context has gone went with it.
            if (Handles.IsLive(HandleKind.Context, (nint)module->Context) && thread->Push(module->Context))
            {
                var unloaded = ModuleUnload(module->Module);
                result = result == CuResult.Success ? unloaded : result;
                thread->Pop();
            }
        }
        Handles.Release(HandleKind.Library, library);
        Library.Free(data);
        s_libraries.Leave();
        return result;
    }

    internal static CuResult LibraryGetKernel(nint* pKernel, nint library, byte* name)
    {
        LibraryUse use;
        var result = EnterLibrary(library, pKernel != null && name != null, -1, &use);
        if (result != CuResult.Success)
        {
            return result;
        }
        result = FindKernel(use.Thread, pKernel, library, name);
        LeaveLibrary(&use);
        return result;
    }

    internal static CuResult LibraryGetKernelCount(uint* count, nint lib)
    {
        LibraryUse use;
        var result = EnterLibrary(lib, count != null, -1, &use);
        if (result != CuResult.Success)
        {
            return result;
        }
        nint module;
        result = LoadedModule(use.Thread, lib, &module);
        if (result == CuResult.Success)
        {
            result = WireCalls.ModuleGetFunctionCount(use.Thread, count, module);
        }
        LeaveLibrary(&use);
        return result;
    }

    internal static CuResult LibraryEnumerateKernels(nint* kernels, uint numKernels, nint lib)
    {
        LibraryUse use;
        var result = EnterLibrary(lib, kernels != null && numKernels != 0, -1, &use);
        if (result != CuResult.Success)
        {
            return result;
        }
        nint module;
        result = LoadedModule(use.Thread, lib, &module);
        var name = stackalloc byte[MaxNameBytes];
        for (var i = 0u; i < numKernels && result == CuResult.Success; i++)
        {
            result = NameOfFunction(use.Thread, module, i, name);
            if (result == CuResult.Success)
            {
                result = FindKernel(use.Thread, kernels + i, lib, name);
            }
        }
        LeaveLibrary(&use);
        return result;
    }

    internal static CuResult LibraryGetModule(nint* pMod, nint library)
    {
        LibraryUse use;
        var result = EnterLibrary(library, pMod != null, CurrentOnly, &use);
        if (result != CuResult.Success)
        {
            return result;
        }
        result = LoadedModule(use.Thread, library, pMod);
        LeaveLibrary(&use);
        return result;
    }

    internal static CuResult LibraryGetGlobal(ulong* dptr, nuint* bytes, nint library, byte* name)
    {
        LibraryUse use;
        var result = EnterLibrary(library, name != null && (dptr != null || bytes != null), CurrentOnly, &use);
        if (result != CuResult.Success)
        {
            return result;
        }
        nint module;
        result = LoadedModule(use.Thread, library, &module);
        if (result == CuResult.Success)
        {
            result = WireCalls.ModuleGetGlobal(use.Thread, dptr, bytes, module, name);
        }
        LeaveLibrary(&use);
        return result;
    }

    internal static CuResult LibraryGetManaged(ulong* dptr, nuint* bytes, nint library, byte* name) =>
        NothingFound(library, name != null && (dptr != null || bytes != null));

    internal static CuResult LibraryGetUnifiedFunction(void** fptr, nint library, byte* symbol) =>
        NothingFound(library, fptr != null && symbol != null);

    /// <summary>The calling thread in a library: which context it looks in, and what to undo afterwards.</summary>
    private struct LibraryUse
    {
        internal ClientThread* Thread;

        /// <summary>Device whose primary context was borrowed; -1 when the current one serves.</summary>
        internal int Borrowed;
    }

    /// <summary>Instead of a device: the call makes sense in the current context only.</summary>
    private const int CurrentOnly = -2;

    /// <summary>
    /// Takes the lock of the libraries, with a context to look in: the current one if there is one (and, when
    /// <paramref name="device"/> is one, it is that device's), otherwise the device's primary context, for the time of the call.
    /// </summary>
    private static CuResult EnterLibrary(nint library, bool isValid, int device, LibraryUse* use)
    {
        use->Borrowed = -1;
        var result = ClientThread.Enter(&use->Thread);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (!isValid)
        {
            return CuResult.InvalidValue;
        }
        if (device >= 0 && Snapshot.Device(device) == null)
        {
            return CuResult.InvalidDevice;
        }
        var current = use->Thread->Context;
        if (current == 0 && device == CurrentOnly)
        {
            return CuResult.InvalidContext;
        }
        s_libraries.Enter();
        if (!Handles.IsLive(HandleKind.Library, library))
        {
            s_libraries.Leave();
            return CuResult.InvalidHandle;
        }
        if (current == 0 || (device >= 0 && Contexts.Device((nint)current) != device))
        {
            var borrowed = device >= 0 ? device : 0;
            nint context;
            result = PrimaryContexts.Retain(use->Thread, &context, borrowed);
            if (result == CuResult.Success && !use->Thread->Push((ulong)context))
            {
                _ = PrimaryContexts.Release(use->Thread, borrowed);
                result = CuResult.OutOfMemory;
            }
            if (result != CuResult.Success)
            {
                s_libraries.Leave();
                return result;
            }
            use->Borrowed = borrowed;
        }
        return CuResult.Success;
    }

    private static void LeaveLibrary(LibraryUse* use)
    {
        if (use->Borrowed >= 0)
        {
            use->Thread->Pop();
            _ = PrimaryContexts.Release(use->Thread, use->Borrowed);
        }
        s_libraries.Leave();
    }

    private static CuResult AddLibrary(ClientThread* thread, nint* library, byte* image, ulong bytes, JitLogs* logs)
    {
        var data = Library.Create(image, bytes);
        var handle = data == null ? 0 : Handles.Mint(HandleKind.Library);
        if (handle == 0)
        {
            if (data != null)
            {
                Library.Free(data);
            }
            return CuResult.OutOfMemory;
        }
        *Handles.Data(HandleKind.Library, handle) = (ulong)data;
        if (thread->Context != 0)
        {
            // Where it can be tried at once, a bad image is refused now and not at its first use.
            s_libraries.Enter();
            nint module;
            var result = LoadInto(thread, data, &module, logs);
            if (result != CuResult.Success)
            {
                Handles.Release(HandleKind.Library, handle);
                Library.Free(data);
            }
            s_libraries.Leave();
            if (result != CuResult.Success)
            {
                return result;
            }
        }
        *library = handle;
        return CuResult.Success;
    }

    /// <summary>The library's module in the current context, loaded if it is not yet. Under the lock.</summary>
    private static CuResult LoadedModule(ClientThread* thread, nint library, nint* module)
    {
        var data = LibraryOf(library);
        *module = Library.ModuleIn(data, thread->Context);
        return *module != 0 ? CuResult.Success : LoadInto(thread, data, module, null);
    }

    private static CuResult LoadInto(ClientThread* thread, Library* library, nint* module, JitLogs* logs)
    {
        var node = (LibraryModule*)GuestLibc.Allocate((nuint)sizeof(LibraryModule));
        if (node == null)
        {
            return CuResult.OutOfMemory;
        }
        var result = Load(thread, module, library->Image, library->ImageBytes, logs);
        if (result != CuResult.Success)
        {
            GuestLibc.Free(node);
            return result;
        }
        *node = new LibraryModule
        {
            Next = library->Modules,
            Context = thread->Context,
            Module = *module,
        };
        library->Modules = node;
        return CuResult.Success;
    }

    private static CuResult NothingFound(nint library, bool isValid)
    {
        ClientThread* thread;
        var result = ClientThread.Enter(&thread);
        return result != CuResult.Success ? result
            : !isValid ? CuResult.InvalidValue
            : Handles.IsLive(HandleKind.Library, library) ? CuResult.NotFound
            : CuResult.InvalidHandle;
    }

    private static Library* LibraryOf(nint library) => (Library*)*Handles.Data(HandleKind.Library, library);
}
