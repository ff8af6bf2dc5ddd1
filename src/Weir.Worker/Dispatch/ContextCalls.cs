using Weir.Api;
using Weir.Wire;

namespace Weir.Worker;

/// <content>Contexts: what belongs to one is forgotten with it.</content>
internal sealed unsafe partial class Dispatcher
{
    private partial CuResult OnCtxCreate(ulong pctx, uint flags, int dev, ref ReplyWriter reply)
    {
        nint native;
        CuResult result = Driver.CtxCreate(&native, flags, dev);
        if (result == CuResult.Success)
        {
            // It lies on top of this thread's stack now. Which context is current comes with each record; one left below would
            // show when a later record has none.
            nint popped;
            _ = Driver.CtxPopCurrent(&popped);
            Handles.Add(HandleKind.Context, pctx, native);
        }
        return result;
    }

    private partial CuResult OnCtxDestroy(ulong ctx, nint native_ctx, ref ReplyWriter reply)
    {
        CuResult result = Driver.CtxDestroy(native_ctx);
        Forget(ctx);
        Handles.Remove(HandleKind.Context, ctx);
        return result;
    }

    // The client retains once per device and counts further users itself.
    private partial CuResult OnDevicePrimaryCtxRetain(ulong pctx, int dev, ref ReplyWriter reply)
    {
        nint native;
        CuResult result = Driver.DevicePrimaryCtxRetain(&native, dev);
        if (result == CuResult.Success)
        {
            Handles.Add(HandleKind.Context, pctx, native);
            session.PrimaryContexts[dev] = pctx;
        }
        return result;
    }

    private partial CuResult OnDevicePrimaryCtxRelease(int dev, ref ReplyWriter reply) =>
        EndPrimary(dev, Driver.DevicePrimaryCtxRelease(dev));

    private partial CuResult OnDevicePrimaryCtxReset(int dev, ref ReplyWriter reply) =>
        EndPrimary(dev, Driver.DevicePrimaryCtxReset(dev));

    private partial CuResult OnDevicePrimaryCtxSetFlags(int dev, uint flags, ref ReplyWriter reply) =>
        Driver.DevicePrimaryCtxSetFlags(dev, flags);

    private CuResult EndPrimary(int device, CuResult result)
    {
        if (session.PrimaryContexts.Remove(device, out ulong context))
        {
            Forget(context);
            session.Journal.Ended(context);
            Handles.Remove(HandleKind.Context, context);
        }
        return result;
    }

    private void Forget(ulong context)
    {
        session.Errors.Forget(context);
        Volatile.Write(ref session.Control->StickyError, 0);
    }
}
