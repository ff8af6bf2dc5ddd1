using Weir.Api;
using Weir.Wire;

namespace Weir.Worker;

/// <content>Memory pools.</content>
internal sealed unsafe partial class Dispatcher
{
    // Narrow attributes lie in the low half of the number, which is where a device reads them.
    private partial CuResult OnSetPoolAttribute(
        nint pool,
        CUmemPool_attribute attr,
        ulong value,
        ref ReplyWriter reply
    ) => Driver.MemPoolSetAttribute(pool, attr, &value);

    private partial CuResult OnGetPoolAttribute(nint pool, CUmemPool_attribute attr, ref ReplyWriter reply)
    {
        ulong value = 0;
        CuResult result = Driver.MemPoolGetAttribute(pool, attr, &value);
        reply.U64(value);
        return result;
    }

    private partial CuResult OnDefaultPool(ulong pool, int dev, ref ReplyWriter reply)
    {
        nint native;
        CuResult result = Driver.DeviceGetDefaultMemPool(&native, dev);
        if (result == CuResult.Success)
        {
            Handles.Add(HandleKind.MemoryPool, pool, native);
        }
        return result;
    }
}
