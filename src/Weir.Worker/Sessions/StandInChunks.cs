using System.Runtime.InteropServices;
using Weir.Wire;

namespace Weir.Worker.Sessions;

/// <summary>
/// Memory in the place of a client's staging chunks while its calls are done again: the client may have got its chunks back long ago and use
/// them for something else.
/// </summary>
internal sealed unsafe class StandInChunks : IDisposable
{
    private readonly byte* _memory = (byte*)NativeMemory.AlignedAlloc((nuint)SegmentLayout.StagingBytes, 4096);
    private readonly Dictionary<int, (uint State, ulong Bytes)> _done = [];

    /// <summary>Where the chunk of that number is.</summary>
    public byte* Place(int chunk) => _memory + (long)chunk * SegmentLayout.ChunkBytes;

    /// <summary>The use of a chunk has ended.</summary>
    public void Complete(int chunk, uint state, ulong bytes)
    {
        lock (_done)
        {
            _done[chunk] = (state, bytes);
        }
    }

    /// <summary>How the last use of a chunk has ended; false when none has since this was asked last.</summary>
    public bool TryTake(int chunk, out uint state, out ulong bytes)
    {
        lock (_done)
        {
            bool isDone = _done.Remove(chunk, out (uint State, ulong Bytes) done);
            (state, bytes) = done;
            return isDone;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => NativeMemory.AlignedFree(_memory);
}
