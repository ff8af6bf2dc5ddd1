using Weir.Api;

namespace Weir.Shim;

/// <summary>Calls whose client half is handwritten: contexts.</summary>
internal static unsafe partial class CustomCalls
{
    /// <summary>Scheduling, mapping and local memory flags that cuda.h names.</summary>
    private const uint KnownContextFlags = 0xFF;

    internal static CuResult CtxCreate(nint* pctx, uint flags, int dev)
    {
        ClientThread* thread;
        var result = EnterDevice(&thread, dev);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (pctx == null || (flags & ~KnownContextFlags) != 0)
        {
            return CuResult.InvalidValue;
        }
        if (thread->ContextDepth == ClientThread.MaxContexts)
        {
            return CuResult.OutOfMemory;
        }
        nint context;
        result = WireCalls.CtxCreate(thread, &context, flags, dev);
        if (result != CuResult.Success)
        {
            return result;
        }
        Contexts.Set(context, dev, flags);
        thread->Push((ulong)context);
        *pctx = context;
        return CuResult.Success;
    }

    /// <summary>With parameters of execution affinity, which no device here has.</summary>
    internal static CuResult CtxCreateV3(nint* pctx, void* paramsArray, int numParams, uint flags, int dev) =>
        paramsArray == null && numParams == 0 ? CtxCreate(pctx, flags, dev)
        : paramsArray == null || numParams <= 0 ? CuResult.InvalidValue
        : CuResult.UnsupportedExecAffinity;

    /// <summary>With parameters of execution affinity or graphics, which no device here has; null is a plain context.</summary>
    internal static CuResult CtxCreateV4(nint* pctx, CUctxCreateParams* ctxCreateParams, uint flags, int dev) =>
        ctxCreateParams == null ? CtxCreate(pctx, flags, dev)
        : ctxCreateParams->cigParams != null ? CuResult.NotSupported
        : CtxCreateV3(pctx, ctxCreateParams->execAffinityParams, ctxCreateParams->numExecAffinityParams, flags, dev);

    internal static CuResult CtxDestroy(nint ctx)
    {
        ClientThread* thread;
        var result = ClientThread.Enter(&thread);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (!Handles.IsLive(HandleKind.Context, ctx) || PrimaryContexts.Contains(ctx))
        {
            return CuResult.InvalidContext;
        }
        TextureReuse.Forget(thread);
        result = WireCalls.CtxDestroy(thread, ctx);
        Handles.Release(HandleKind.Context, ctx);
        if (thread->Context == (ulong)ctx)
        {
            thread->Pop();
        }
        return result;
    }

    internal static CuResult DevicePrimaryCtxRetain(nint* pctx, int dev)
    {
        ClientThread* thread;
        var result = EnterDevice(&thread, dev);
        if (result != CuResult.Success)
        {
            return result;
        }
        return pctx == null ? CuResult.InvalidValue : PrimaryContexts.Retain(thread, pctx, dev);
    }

    internal static CuResult DevicePrimaryCtxRelease(int dev)
    {
        ClientThread* thread;
        var result = EnterDevice(&thread, dev);
        return result != CuResult.Success ? result : PrimaryContexts.Release(thread, dev);
    }

    internal static CuResult DevicePrimaryCtxReset(int dev)
    {
        ClientThread* thread;
        var result = EnterDevice(&thread, dev);
        return result != CuResult.Success ? result : PrimaryContexts.Reset(thread, dev);
    }

    internal static CuResult DevicePrimaryCtxSetFlags(int dev, uint flags)
    {
        ClientThread* thread;
        var result = EnterDevice(&thread, dev);
        if (result != CuResult.Success)
        {
            return result;
        }
        return (flags & ~KnownContextFlags) != 0 ? CuResult.InvalidValue : PrimaryContexts.SetFlags(thread, dev, flags);
    }

    internal static CuResult CtxSetFlags(uint flags)
    {
        ClientThread* thread;
        var result = EnterContext(&thread);
        if (result != CuResult.Success)
        {
            return result;
        }
        if ((flags & ~KnownContextFlags) != 0)
        {
            return CuResult.InvalidValue;
        }
        var context = (nint)thread->Context;
        Contexts.Set(context, Contexts.Device(context), flags);
        return CuResult.Success;
    }

    internal static CuResult CtxSynchronize()
    {
        ClientThread* thread;
        var result = EnterContext(&thread);
        return result != CuResult.Success ? result : WireCalls.CtxSynchronize(thread);
    }

    internal static CuResult CtxSynchronizeV2(nint ctx)
    {
        ClientThread* thread;
        var result = ClientThread.Enter(&thread);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (ctx == 0)
        {
            return CtxSynchronize();
        }
        if (!Handles.IsLive(HandleKind.Context, ctx))
        {
            return CuResult.InvalidContext;
        }
        if (!thread->Push((ulong)ctx))
        {
            return CuResult.OutOfMemory;
        }
        result = WireCalls.CtxSynchronize(thread);
        thread->Pop();
        return result;
    }

    /// <summary>The calling thread, if it has a current context.</summary>
    private static CuResult EnterContext(ClientThread** thread)
    {
        var result = ClientThread.Enter(thread);
        if (result != CuResult.Success)
        {
            return result;
        }
        return (*thread)->Context == 0 ? CuResult.InvalidContext : CuResult.Success;
    }

    private static CuResult EnterDevice(ClientThread** thread, int device)
    {
        var result = ClientThread.Enter(thread);
        if (result != CuResult.Success)
        {
            return result;
        }
        return Snapshot.Device(device) == null ? CuResult.InvalidDevice : CuResult.Success;
    }

    internal static bool IsStream(nint stream) => (nuint)stream <= 2 || Handles.IsLive(HandleKind.Stream, stream);
}
