using System.Text;
using Weir.Api;

namespace Weir.Devices.Software.Modules;

/// <summary>
/// The log buffers that a program hands in with a load or a link. Values that are numbers stand in the pointers
/// themselves; the sizes are written back as the bytes used (CUDA Driver API, CUjit_option).
/// </summary>
internal readonly unsafe struct JitLog
{
    private readonly uint count;
    private readonly CUjit_option* options;
    private readonly void** values;

    public JitLog(uint count, CUjit_option* options, void** values)
    {
        this.count = options is null || values is null ? 0 : count;
        this.options = options;
        this.values = values;
    }

    /// <summary>Fills the buffers: the error's with the message, the other one with nothing.</summary>
    public void Write(string error, double milliseconds)
    {
        Write(CUjit_option.ErrorLogBuffer, CUjit_option.ErrorLogBufferSizeBytes, error);
        Write(CUjit_option.InfoLogBuffer, CUjit_option.InfoLogBufferSizeBytes, "");
        int wallTime = Find(CUjit_option.WallTime);
        if (wallTime >= 0)
        {
            *(float*)&values[wallTime] = (float)milliseconds;
        }
    }

    private void Write(CUjit_option buffer, CUjit_option size, string text)
    {
        int bufferIndex = Find(buffer);
        int sizeIndex = Find(size);
        if (bufferIndex < 0 || sizeIndex < 0 || values[bufferIndex] is null)
        {
            return;
        }
        nuint room = (uint)(nuint)values[sizeIndex];
        int used = 0;
        if (room > 0)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(text);
            used = (int)Math.Min((nuint)bytes.Length, room - 1);
            Span<byte> target = new(values[bufferIndex], used + 1);
            bytes.AsSpan(0, used).CopyTo(target);
            target[used] = 0;
        }
        values[sizeIndex] = (void*)(nuint)used;
    }

    private int Find(CUjit_option option)
    {
        for (uint index = 0; index < count; index++)
        {
            if (options[index] == option)
            {
                return (int)index;
            }
        }
        return -1;
    }
}
