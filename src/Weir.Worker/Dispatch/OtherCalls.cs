using System.Diagnostics.CodeAnalysis;
using Weir.Api;
using Weir.Devices.Software;
using Weir.Wire;
using Weir.Worker.Sessions;

namespace Weir.Worker;

/// <content>Textures, streams, host functions.</content>
internal sealed unsafe partial class Dispatcher
{
    private partial CuResult OnTexObjectCreate(
        CUDA_RESOURCE_DESC* pResDesc,
        CUDA_TEXTURE_DESC* pTexDesc,
        CUDA_RESOURCE_VIEW_DESC* pResViewDesc,
        ref ReplyWriter reply
    )
    {
        HandleKind kind = pResDesc->resType switch
        {
            CUresourcetype.Array => HandleKind.Array,
            CUresourcetype.MipmappedArray => HandleKind.MipmappedArray,
            _ => HandleKind.None,
        };
        if (kind != HandleKind.None)
        {
            if (!Handles.TryGet(kind, (ulong)pResDesc->hArray, out nint native))
            {
                return CuResult.InvalidHandle;
            }
            pResDesc->hArray = native;
        }
        return Driver.TexObjectCreate((ulong*)reply.Reserve(sizeof(ulong)), pResDesc, pTexDesc, pResViewDesc);
    }

    private partial CuResult OnGetStreamContext(nint stream, ref ReplyWriter reply)
    {
        nint context;
        CuResult result = Driver.StreamGetCtx(stream, &context);
        ulong handle = 0;
        if (result == CuResult.Success)
        {
            nint native = context;
            handle = Handles[HandleKind.Context].Live().Find(live => live.Native == native).Handle;
        }
        reply.U64(handle);
        return result;
    }

    // The latched error is taken by the executor, as for every call that reports.
    [SuppressMessage("Performance", "CA1822", Justification = "The declaration is generated, as for all handlers.")]
    private partial CuResult OnTakeError(ref ReplyWriter reply) => CuResult.Success;

    private partial CuResult OnTakeOutput(ref ReplyWriter reply)
    {
        const int MostBytes = 32 << 10;
        byte* buffer = stackalloc byte[MostBytes];
        int descriptor = 0;
        int bytes = (Driver as IDeviceOutput)?.TakeOutput(new Span<byte>(buffer, MostBytes), out descriptor) ?? 0;
        reply.U64((ulong)descriptor);
        reply.Bytes(new ReadOnlySpan<byte>(buffer, bytes));
        return CuResult.Success;
    }

    private partial CuResult OnHostFunction(
        ulong function,
        ulong userData,
        nint stream,
        uint kind,
        ref ReplyWriter reply
    )
    {
        const int StreamField = 2;
        var entry = new CallbackEntry
        {
            Function = function,
            UserData = userData,
            Stream = ((ulong*)Payload)[StreamField],
            Kind = (int)kind,
        };
        Session client = session;
        client.Callbacks.Begin();
        CuResult result = StreamNote.AfterWork(
            Driver,
            stream,
            () =>
            {
                client.Callbacks.Run(entry);
                client.Callbacks.End();
            }
        );
        if (result != CuResult.Success)
        {
            client.Callbacks.End();
        }
        const uint StreamCallback = 1;
        if (result != CuResult.Success && kind == StreamCallback)
        {
            // Stream callbacks are told of errors, they are never left out.
            entry.Status = (int)result;
            client.Callbacks.Post(entry);
        }
        return result;
    }
}
