using Weir.Api;
using Weir.Shim.Guest;

namespace Weir.Shim;

/// <summary>Kernels of libraries: what each is in the context where it is used.</summary>
internal static unsafe partial class CustomCalls
{
    internal static CuResult KernelGetFunction(nint* pFunc, nint kernel)
    {
        ClientThread* thread;
        var result = EnterContext(&thread);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (pFunc == null)
        {
            return CuResult.InvalidValue;
        }
        return FunctionOfKernel(thread, kernel, pFunc);
    }

    internal static CuResult KernelGetLibrary(nint* pLib, nint kernel)
    {
        LibraryKernel* data;
        var result = EnterKernel(kernel, pLib != null, &data);
        if (result == CuResult.Success)
        {
            *pLib = data->Library;
        }
        return result;
    }

    internal static CuResult KernelGetName(byte** name, nint hfunc)
    {
        LibraryKernel* data;
        var result = EnterKernel(hfunc, name != null, &data);
        if (result == CuResult.Success)
        {
            *name = data->Name;
        }
        return result;
    }

    internal static CuResult KernelGetParamInfo(nint kernel, nuint paramIndex, nuint* paramOffset, nuint* paramSize)
    {
        nint function;
        LibraryUse use;
        var result = EnterKernelOn(kernel, paramOffset != null, -1, &use, &function);
        if (result != CuResult.Success)
        {
            return result;
        }
        var layout = Layout(function);
        if (paramIndex >= layout->ParameterCount)
        {
            result = CuResult.InvalidValue;
        }
        else
        {
            var place = FunctionLayout.Parameters(layout) + 2 * paramIndex;
            *paramOffset = place[0];
            if (paramSize != null)
            {
                *paramSize = place[1];
            }
        }
        LeaveLibrary(&use);
        return result;
    }

    internal static CuResult KernelGetAttribute(int* pi, CUfunction_attribute attrib, nint kernel, int dev)
    {
        nint function;
        LibraryUse use;
        var result = EnterKernelOn(kernel, pi != null, dev, &use, &function);
        if (result != CuResult.Success)
        {
            return result;
        }
        result = WireCalls.FuncGetAttribute(use.Thread, pi, attrib, function);
        LeaveLibrary(&use);
        return result;
    }

    internal static CuResult KernelSetAttribute(CUfunction_attribute attrib, int val, nint kernel, int dev)
    {
        nint function;
        LibraryUse use;
        var result = EnterKernelOn(kernel, true, dev, &use, &function);
        if (result != CuResult.Success)
        {
            return result;
        }
        result = WireCalls.FuncSetAttribute(use.Thread, function, attrib, val);
        LeaveLibrary(&use);
        return result;
    }

    internal static CuResult KernelSetCacheConfig(nint kernel, CUfunc_cache config, int dev)
    {
        nint function;
        LibraryUse use;
        var result = EnterKernelOn(kernel, true, dev, &use, &function);
        if (result != CuResult.Success)
        {
            return result;
        }
        result = WireCalls.FuncSetCacheConfig(use.Thread, function, config);
        LeaveLibrary(&use);
        return result;
    }

    /// <summary>What a kernel is in the current context: a launch takes either.</summary>
    internal static CuResult FunctionOfKernel(ClientThread* thread, nint kernel, nint* function)
    {
        if (!Handles.IsLive(HandleKind.Kernel, kernel))
        {
            return CuResult.InvalidHandle;
        }
        var known = LibraryKernel.FunctionIn(KernelOf(kernel), thread->Context);
        if (known != 0)
        {
            *function = known;
            return CuResult.Success;
        }
        s_libraries.Enter();
        var result = CuResult.InvalidHandle;
        if (Handles.IsLive(HandleKind.Kernel, kernel))
        {
            var data = KernelOf(kernel);
            nint module;
            result = LoadedModule(thread, data->Library, &module);
            if (result == CuResult.Success)
            {
                result = ModuleGetFunction(function, module, data->Name);
            }
            if (result == CuResult.Success)
            {
                LibraryKernel.Remember(data, thread->Context, *function);
            }
        }
        s_libraries.Leave();
        return result;
    }

    private static CuResult EnterKernel(nint kernel, bool isValid, LibraryKernel** data)
    {
        ClientThread* thread;
        var result = ClientThread.Enter(&thread);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (!isValid)
        {
            return CuResult.InvalidValue;
        }
        if (!Handles.IsLive(HandleKind.Kernel, kernel))
        {
            return CuResult.InvalidHandle;
        }
        *data = KernelOf(kernel);
        return CuResult.Success;
    }

    /// <summary>As <see cref="EnterLibrary"/>, with the kernel's function in that context.</summary>
    private static CuResult EnterKernelOn(nint kernel, bool isValid, int device, LibraryUse* use, nint* function)
    {
        LibraryKernel* data;
        var result = EnterKernel(kernel, isValid, &data);
        if (result == CuResult.Success)
        {
            result = EnterLibrary(data->Library, true, device, use);
        }
        if (result != CuResult.Success)
        {
            return result;
        }
        nint module;
        result = LoadedModule(use->Thread, data->Library, &module);
        if (result == CuResult.Success)
        {
            result = ModuleGetFunction(function, module, data->Name);
        }
        if (result != CuResult.Success)
        {
            LeaveLibrary(use);
        }
        return result;
    }

    private static CuResult FindKernel(ClientThread* thread, nint* found, nint library, byte* name)
    {
        var data = LibraryOf(library);
        var bytes = GuestLibc.Length(name) + 1;
        for (var known = data->Kernels; known != null; known = known->Next)
        {
            if (GuestLibc.Length(known->Name) + 1 == bytes && GuestLibc.Compare(known->Name, name, bytes) == 0)
            {
                *found = known->Handle;
                return CuResult.Success;
            }
        }
        nint module;
        nint function = 0;
        var result = LoadedModule(thread, library, &module);
        if (result == CuResult.Success)
        {
            result = ModuleGetFunction(&function, module, name);
        }
        if (result != CuResult.Success)
        {
            return result;
        }
        var kernel = LibraryKernel.Create(library, name);
        var handle = kernel == null ? 0 : Handles.Mint(HandleKind.Kernel);
        if (handle == 0)
        {
            GuestLibc.Free(kernel);
            return CuResult.OutOfMemory;
        }
        kernel->Handle = handle;
        kernel->Next = data->Kernels;
        data->Kernels = kernel;
        LibraryKernel.Remember(kernel, thread->Context, function);
        *Handles.Data(HandleKind.Kernel, handle) = (ulong)kernel;
        *found = handle;
        return CuResult.Success;
    }

    private static LibraryKernel* KernelOf(nint kernel) => (LibraryKernel*)*Handles.Data(HandleKind.Kernel, kernel);
}
