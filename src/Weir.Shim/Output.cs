using Weir.Api;
using Weir.Shim.Guest;

namespace Weir.Shim;

/// <summary>
/// What kernels print: taken from the worker after each call that waits for them, and written to the program's own standard output through
/// the C library, so that it comes in order with what the program prints.
/// </summary>
internal static unsafe class Output
{
    private const ulong StandardError = 2;
    private static int s_isExpected;

    /// <summary>True once the program has found a kernel that may print.</summary>
    internal static bool IsExpected => Volatile.Read(ref s_isExpected) != 0;

    internal static void Expect() => Volatile.Write(ref s_isExpected, 1);

    /// <summary>Calls after which kernels have ended that may have printed.</summary>
    internal static bool MayFollow(Op op) =>
        op
            is Op.StreamSynchronize
                or Op.CtxSynchronize
                or Op.EventSynchronize
                or Op.StreamQuery
                or Op.EventQuery
                or Op.MemcpyDtoD
                or Op.MemFree
                or Op.CtxDestroy
                or Op.DevicePrimaryCtxRelease
                or Op.DevicePrimaryCtxReset;

    /// <summary>Take and write all there is.</summary>
    internal static void Show(ClientThread* thread)
    {
        // Errors of the call before are its own: what was printed up to them is shown.
        while (WireCalls.TakeOutput(thread) == CuResult.Success)
        {
            var bytes = thread->ReplyBytes < 12 ? 0 : *(uint*)(thread->Reply + 8);
            var descriptor = bytes == 0 ? 0 : *(ulong*)thread->Reply;
            if (descriptor == 0 || bytes > thread->ReplyBytes - 12)
            {
                return;
            }
            var file = File(descriptor == StandardError);
            if (file == null || GuestLibc.WriteTo(thread->Reply + 12, 1, bytes, file) != bytes)
            {
                return;
            }
        }
    }

    private static void* File(bool isError)
    {
        void** place;
        fixed (
            byte* error = "stderr\0"u8,
                output = "stdout\0"u8
        )
        {
            place = (void**)GuestLibc.Symbol(null, isError ? error : output);
        }
        return place == null ? null : *place;
    }
}
