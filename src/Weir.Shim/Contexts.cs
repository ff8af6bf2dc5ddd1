using Weir.Api;

namespace Weir.Shim;

/// <summary>What the client keeps with a context's handle: device ordinal and flags.</summary>
internal static unsafe class Contexts
{
    internal static void Set(nint context, int device, uint flags) =>
        *Handles.Data(HandleKind.Context, context) = (ulong)(uint)device | (ulong)flags << 32;

    internal static int Device(nint context) => (int)*Handles.Data(HandleKind.Context, context);

    internal static uint Flags(nint context) => (uint)(*Handles.Data(HandleKind.Context, context) >> 32);
}
