using System.Runtime.InteropServices;
using Weir.Remote.Links;
using Weir.Remote.Sessions;

namespace Weir.Worker.Relaying;

/// <summary>Sends what the client copies to the device, on a thread and a link of its own. The memory belongs to the copy until the worker has read it.</summary>
internal sealed unsafe class BulkSender(Link link)
{
    private readonly object _gate = new();
    private readonly Queue<(uint Chunk, nint Data, uint Bytes)> _queue = [];
    private bool _isSending;
    private bool _hasEnded;

    /// <summary>Waits until all has been sent.</summary>
    public void AwaitSent()
    {
        lock (_gate)
        {
            while (!_hasEnded && (_queue.Count > 0 || _isSending))
            {
                _ = Monitor.Wait(_gate);
            }
        }
    }

    /// <summary>Starts the thread.</summary>
    public void Start() => new Thread(Run) { IsBackground = true, Name = "weir-bulk-out" }.Start();

    /// <summary>Sends a chunk; does not wait.</summary>
    public void Send(uint chunk, byte* data, uint bytes)
    {
        lock (_gate)
        {
            _queue.Enqueue((chunk, (nint)data, bytes));
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Ends the thread.</summary>
    public void End()
    {
        lock (_gate)
        {
            _hasEnded = true;
            Monitor.PulseAll(_gate);
        }
    }

    private void Run()
    {
        Span<byte> head = stackalloc byte[ChunkHead.Bytes];
        while (true)
        {
            (uint Chunk, nint Data, uint Bytes) next;
            lock (_gate)
            {
                _isSending = false;
                Monitor.PulseAll(_gate);
                while (!_hasEnded && _queue.Count == 0)
                {
                    _ = Monitor.Wait(_gate);
                }
                if (_hasEnded)
                {
                    return;
                }
                next = _queue.Dequeue();
                _isSending = true;
            }
            var fields = new ChunkHead { Chunk = next.Chunk };
            MemoryMarshal.Write(head, in fields);
            // Larger ranges of staging than a frame holds do not occur: the shim copies by chunks.
            link.Send(FrameKind.ChunkData, head, (byte*)next.Data, next.Bytes);
        }
    }
}
