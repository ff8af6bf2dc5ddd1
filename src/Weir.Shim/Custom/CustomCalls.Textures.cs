using Weir.Api;

namespace Weir.Shim;

/// <summary>Texture objects: those that come again for every frame are not asked for again.</summary>
internal static unsafe partial class CustomCalls
{
    internal static CuResult TexObjectCreate(
        ulong* pTexObject,
        CUDA_RESOURCE_DESC* pResDesc,
        CUDA_TEXTURE_DESC* pTexDesc,
        CUDA_RESOURCE_VIEW_DESC* pResViewDesc
    )
    {
        ClientThread* thread;
        var result = EnterContext(&thread);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (pTexObject == null || pResDesc == null || pTexDesc == null)
        {
            return CuResult.InvalidValue;
        }
        var isReusable = pResViewDesc == null;
        var known = isReusable ? TextureReuse.Take(thread->Context, pResDesc, pTexDesc) : 0;
        if (known != 0)
        {
            *pTexObject = known;
            return CuResult.Success;
        }
        result = WireCalls.TexObjectCreate(thread, pTexObject, pResDesc, pTexDesc, pResViewDesc);
        if (result == CuResult.Success && isReusable)
        {
            TextureReuse.Track(*pTexObject, thread->Context, pResDesc, pTexDesc);
        }
        return result;
    }

    internal static CuResult TexObjectDestroy(ulong texObject)
    {
        ClientThread* thread;
        var result = EnterContext(&thread);
        if (result != CuResult.Success)
        {
            return result;
        }
        return TextureReuse.TryRetire(texObject, thread->Context, out var ended)
            ? ended == 0
                ? CuResult.Success
                : WireCalls.TexObjectDestroy(thread, ended)
            : WireCalls.TexObjectDestroy(thread, texObject);
    }

    internal static CuResult ArrayDestroy(nint hArray)
    {
        ClientThread* thread;
        var result = ClientThread.Enter(&thread);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (!Handles.IsLive(HandleKind.Array, hArray))
        {
            return CuResult.InvalidHandle;
        }
        TextureReuse.Forget(thread);
        result = WireCalls.ArrayDestroy(thread, hArray);
        Handles.Release(HandleKind.Array, hArray);
        return result;
    }
}
