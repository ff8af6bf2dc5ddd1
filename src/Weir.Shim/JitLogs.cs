using Weir.Api;
using Weir.Shim.Guest;

namespace Weir.Shim;

/// <summary>The log buffers among the options of a module load: filled from the worker's answer, sizes written back.</summary>
internal readonly unsafe struct JitLogs
{
    private readonly byte* _info;
    private readonly byte* _error;
    private readonly void** _infoBytes;
    private readonly void** _errorBytes;
    private readonly void** _wallTime;

    internal JitLogs(uint count, CUjit_option* options, void** values)
    {
        for (var i = 0u; i < count; i++)
        {
            switch (options[i])
            {
                case CUjit_option.InfoLogBuffer:
                    _info = (byte*)values[i];
                    break;
                case CUjit_option.InfoLogBufferSizeBytes:
                    _infoBytes = values + i;
                    break;
                case CUjit_option.ErrorLogBuffer:
                    _error = (byte*)values[i];
                    break;
                case CUjit_option.ErrorLogBufferSizeBytes:
                    _errorBytes = values + i;
                    break;
                case CUjit_option.WallTime:
                    _wallTime = values + i;
                    break;
            }
        }
    }

    /// <summary>Two variable parts: information log, error log. What is malformed counts as empty.</summary>
    internal void Fill(byte* reply, uint bytes)
    {
        var end = reply + bytes;
        var next = Take(reply, end, out var info, out var infoBytes);
        _ = Take(next, end, out var error, out var errorBytes);
        Put(_info, _infoBytes, info, infoBytes);
        Put(_error, _errorBytes, error, errorBytes);
        if (_wallTime != null)
        {
            // A float in the low half of the value; kernels are compiled at their first launch.
            *(uint*)_wallTime = 0;
        }
    }

    private static byte* Take(byte* at, byte* end, out byte* text, out uint bytes)
    {
        text = at;
        bytes = 0;
        if (end - at < 8)
        {
            return end;
        }
        var length = *(uint*)at;
        if (length > (ulong)(end - at - 4))
        {
            return end;
        }
        text = at + 4;
        bytes = length;
        return at + ((length + 4ul + 7) & ~7ul);
    }

    private static void Put(byte* buffer, void** capacityValue, byte* text, uint bytes)
    {
        if (capacityValue == null)
        {
            return;
        }
        var capacity = (uint)(nuint)(*capacityValue);
        var written =
            capacity == 0 ? 0
            : bytes < capacity ? bytes
            : capacity - 1;
        if (buffer != null && capacity != 0)
        {
            _ = GuestLibc.Copy(buffer, text, written);
            buffer[written] = 0;
        }
        *capacityValue = (void*)(nuint)(written == 0 ? 0 : written + 1);
    }
}
