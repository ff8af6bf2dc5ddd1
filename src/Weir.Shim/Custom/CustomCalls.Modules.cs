using Weir.Api;
using Weir.Shim.Guest;

namespace Weir.Shim;

/// <summary>Modules: images go to the worker as blobs; functions come back with their parameter layout.</summary>
internal static unsafe partial class CustomCalls
{
    /// <summary>Longest kernel name that is enumerated, with its NUL.</summary>
    private const int MaxNameBytes = 4096;

    private static GuestLock s_modules;

    internal static CuResult ModuleLoad(nint* module, byte* fname)
    {
        ClientThread* thread;
        var result = EnterContext(&thread);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (module == null || fname == null)
        {
            return CuResult.InvalidValue;
        }
        var image = ImageFile.Map(fname, out var bytes, out result);
        if (image != null)
        {
            result = Load(thread, module, image, (ulong)bytes + 1, null);
            ImageFile.Unmap(image, bytes);
        }
        return result;
    }

    internal static CuResult ModuleLoadData(nint* module, void* image) =>
        ModuleLoadDataEx(module, image, 0, null, null);

    internal static CuResult ModuleLoadFatBinary(nint* module, void* fatCubin) =>
        ModuleLoadDataEx(module, fatCubin, 0, null, null);

    internal static CuResult ModuleLoadDataEx(
        nint* module,
        void* image,
        uint numOptions,
        CUjit_option* options,
        void** optionValues
    )
    {
        ClientThread* thread;
        var result = EnterContext(&thread);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (module == null || image == null || (numOptions != 0 && (options == null || optionValues == null)))
        {
            return CuResult.InvalidValue;
        }
        if (!ModuleImage.TryMeasure((byte*)image, out var data, out var bytes))
        {
            return CuResult.InvalidImage;
        }
        var logs = new JitLogs(numOptions, options, optionValues);
        return Load(thread, module, data, bytes, &logs);
    }

    internal static CuResult ModuleUnload(nint hmod)
    {
        ClientThread* thread;
        var result = EnterContext(&thread);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (!Handles.IsLive(HandleKind.Module, hmod))
        {
            return CuResult.InvalidHandle;
        }
        s_modules.Enter();
        var layout = (FunctionLayout*)*Handles.Data(HandleKind.Module, hmod);
        *Handles.Data(HandleKind.Module, hmod) = 0;
        result = WireCalls.ModuleUnload(thread, hmod);
        while (layout != null)
        {
            var next = layout->Next;
            Handles.Release(HandleKind.Function, layout->Function);
            GuestLibc.Free(layout);
            layout = next;
        }
        s_modules.Leave();
        return result;
    }

    internal static CuResult ModuleGetFunction(nint* hfunc, nint hmod, byte* name)
    {
        ClientThread* thread;
        var result = EnterContext(&thread);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (hfunc == null || name == null)
        {
            return CuResult.InvalidValue;
        }
        if (!Handles.IsLive(HandleKind.Module, hmod))
        {
            return CuResult.InvalidHandle;
        }
        s_modules.Enter();
        result = FindFunction(thread, hfunc, hmod, name);
        s_modules.Leave();
        return result;
    }

    internal static CuResult FuncGetName(byte** name, nint hfunc)
    {
        ClientThread* thread;
        var result = ClientThread.Enter(&thread);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (name == null)
        {
            return CuResult.InvalidValue;
        }
        if (!Handles.IsLive(HandleKind.Function, hfunc))
        {
            return CuResult.InvalidHandle;
        }
        *name = Layout(hfunc)->Name;
        return CuResult.Success;
    }

    internal static CuResult FuncGetModule(nint* hmod, nint hfunc)
    {
        ClientThread* thread;
        var result = ClientThread.Enter(&thread);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (hmod == null)
        {
            return CuResult.InvalidValue;
        }
        if (!Handles.IsLive(HandleKind.Function, hfunc))
        {
            return CuResult.InvalidHandle;
        }
        *hmod = Layout(hfunc)->Module;
        return CuResult.Success;
    }

    internal static CuResult ModuleEnumerateFunctions(nint* functions, uint numFunctions, nint mod)
    {
        ClientThread* thread;
        var result = EnterContext(&thread);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (functions == null || numFunctions == 0)
        {
            return CuResult.InvalidValue;
        }
        if (!Handles.IsLive(HandleKind.Module, mod))
        {
            return CuResult.InvalidHandle;
        }
        var name = stackalloc byte[MaxNameBytes];
        for (var i = 0u; i < numFunctions && result == CuResult.Success; i++)
        {
            result = NameOfFunction(thread, mod, i, name);
            if (result == CuResult.Success)
            {
                result = ModuleGetFunction(functions + i, mod, name);
            }
        }
        return result;
    }

    /// <summary>The name of a module's kernel by its number, with its NUL, at most <see cref="MaxNameBytes"/>.</summary>
    private static CuResult NameOfFunction(ClientThread* thread, nint module, uint index, byte* name)
    {
        var result = WireCalls.FunctionName(thread, module, index);
        if (result != CuResult.Success)
        {
            return result;
        }
        var bytes = thread->ReplyBytes < 4 ? 0 : *(uint*)thread->Reply;
        if (bytes == 0 || bytes >= MaxNameBytes || bytes > thread->ReplyBytes - 4)
        {
            return CuResult.Unknown;
        }
        _ = GuestLibc.Copy(name, thread->Reply + 4, bytes);
        name[bytes] = 0;
        return CuResult.Success;
    }

    private static FunctionLayout* Layout(nint function) =>
        (FunctionLayout*)*Handles.Data(HandleKind.Function, function);

    private static CuResult FindFunction(ClientThread* thread, nint* found, nint module, byte* name)
    {
        var first = (FunctionLayout**)Handles.Data(HandleKind.Module, module);
        var bytes = GuestLibc.Length(name) + 1;
        for (var known = *first; known != null; known = known->Next)
        {
            if (GuestLibc.Length(known->Name) + 1 == bytes && GuestLibc.Compare(known->Name, name, bytes) == 0)
            {
                *found = known->Function;
                return CuResult.Success;
            }
        }

        nint function;
        var result = WireCalls.ModuleGetFunction(thread, &function, module, name);
        if (result != CuResult.Success)
        {
            return result;
        }
        var layout = FunctionLayout.Read(thread->Reply, thread->ReplyBytes, name);
        if (layout == null)
        {
            Handles.Release(HandleKind.Function, function);
            return CuResult.Unknown;
        }
        layout->Function = function;
        layout->Module = module;
        layout->Next = *first;
        *first = layout;
        *Handles.Data(HandleKind.Function, function) = (ulong)layout;
        *found = function;
        return CuResult.Success;
    }

    private static CuResult Load(ClientThread* thread, nint* module, byte* data, ulong bytes, JitLogs* logs)
    {
        var sent = Blobs.Send(thread, data, bytes, out var blob);
        if (sent != CuResult.Success)
        {
            return sent;
        }
        nint made;
        var result = WireCalls.LoadModule(thread, &made, blob);
        if (logs != null && result != CuResult.DeviceUnavailable)
        {
            logs->Fill(thread->Reply, thread->ReplyBytes);
        }
        if (result == CuResult.Success)
        {
            *module = made;
        }
        return result;
    }
}
