using System.Runtime.InteropServices;
using Weir.Api;
using Weir.Shim.Guest;

namespace Weir.Shim;

/// <summary>
/// Linking of a single input: it is kept, and given out again as "the cubin", which a module load takes like any image.
/// Several inputs are not supported: PTX texts cannot be joined without a linker.
/// </summary>
internal static unsafe partial class CustomCalls
{
    [StructLayout(LayoutKind.Sequential)]
    private struct LinkInput
    {
        internal byte* Data;
        internal nuint Bytes;
    }

    internal static CuResult LinkCreate(uint numOptions, CUjit_option* options, void** optionValues, nint* stateOut)
    {
        ClientThread* thread;
        var result = EnterContext(&thread);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (stateOut == null || (numOptions != 0 && (options == null || optionValues == null)))
        {
            return CuResult.InvalidValue;
        }
        var input = (LinkInput*)GuestLibc.Allocate((nuint)sizeof(LinkInput));
        var state = input == null ? 0 : Handles.Mint(HandleKind.LinkState);
        if (state == 0)
        {
            GuestLibc.Free(input);
            return CuResult.OutOfMemory;
        }
        *input = default;
        *Handles.Data(HandleKind.LinkState, state) = (ulong)input;
        *stateOut = state;
        return CuResult.Success;
    }

    internal static CuResult LinkAddData(
        nint state,
        CUjitInputType type,
        void* data,
        nuint size,
        byte* name,
        uint numOptions,
        CUjit_option* options,
        void** optionValues
    )
    {
        LinkInput* input;
        var result = EnterLink(state, &input);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (data == null || size == 0)
        {
            return CuResult.InvalidValue;
        }
        if (input->Data != null || type is not (CUjitInputType.Ptx or CUjitInputType.Fatbinary))
        {
            return CuResult.NotSupported;
        }
        // Zeroes behind it: a text may come without its NUL.
        var copy = (byte*)GuestLibc.Allocate(size + 8);
        if (copy == null)
        {
            return CuResult.OutOfMemory;
        }
        _ = GuestLibc.Copy(copy, data, size);
        *(ulong*)(copy + size) = 0;
        input->Data = copy;
        input->Bytes = size;
        return CuResult.Success;
    }

    internal static CuResult LinkAddFile(
        nint state,
        CUjitInputType type,
        byte* path,
        uint numOptions,
        CUjit_option* options,
        void** optionValues
    )
    {
        LinkInput* input;
        var result = EnterLink(state, &input);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (path == null)
        {
            return CuResult.InvalidValue;
        }
        var data = ImageFile.Map(path, out var bytes, out result);
        if (data != null)
        {
            result = LinkAddData(state, type, data, bytes, path, numOptions, options, optionValues);
            ImageFile.Unmap(data, bytes);
        }
        return result;
    }

    internal static CuResult LinkComplete(nint state, void** cubinOut, nuint* sizeOut)
    {
        LinkInput* input;
        var result = EnterLink(state, &input);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (cubinOut == null || input->Data == null)
        {
            return CuResult.InvalidValue;
        }
        *cubinOut = input->Data;
        if (sizeOut != null)
        {
            *sizeOut = input->Bytes;
        }
        return CuResult.Success;
    }

    internal static CuResult LinkDestroy(nint state)
    {
        LinkInput* input;
        var result = EnterLink(state, &input);
        if (result != CuResult.Success)
        {
            return result;
        }
        Handles.Release(HandleKind.LinkState, state);
        GuestLibc.Free(input->Data);
        GuestLibc.Free(input);
        return CuResult.Success;
    }

    private static CuResult EnterLink(nint state, LinkInput** input)
    {
        ClientThread* thread;
        var result = EnterContext(&thread);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (!Handles.IsLive(HandleKind.LinkState, state))
        {
            return CuResult.InvalidHandle;
        }
        *input = (LinkInput*)*Handles.Data(HandleKind.LinkState, state);
        return CuResult.Success;
    }
}
