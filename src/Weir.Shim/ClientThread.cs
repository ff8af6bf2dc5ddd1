using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Weir.Api;
using Weir.Shim.Graphs;
using Weir.Shim.Guest;
using Weir.Wire;

namespace Weir.Shim;

/// <summary>
/// What the shim keeps for a thread of the client: its ring, its context stack, its reply. One block per ring slot, found by a
/// pthread key whose destructor gives the slot back. Used as:
/// <code>
/// ClientThread.Enter(&amp;thread) → Begin(op, bytes) → fill in → Post() or Call()
/// … or CallForReply() → Reply, ReplyBytes → Done()
/// </code>
/// Raw code: nothing here allocates, throws or takes a lock.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ClientThread
{
    /// <summary>Contexts that a thread may have pushed.</summary>
    internal const int MaxContexts = 64;

    private const int BlockBytes = 1024;

    private static byte* s_blocks;
    private static ulong* s_slots;
    private static uint s_key;

    private RingWriter _writer;
    private ulong _ticket;
    private int _slot;
    private uint _sequence;
    private int _busy;
    private int _depth;

    // A record that is not in the ring yet, because streams are being captured; null otherwise.
    private byte* _aside;
    private uint _asideBytes;
    private Op _asideOp;
    private fixed ulong _contexts[MaxContexts];

    /// <summary>Payload of the last reply; valid until the thread's next call.</summary>
    internal readonly byte* Reply => SegmentLayout.ReplyPayload(_writer.Header);

    /// <summary>Its size, never more than the slot holds.</summary>
    internal readonly uint ReplyBytes
    {
        get
        {
            var bytes = _writer.Header->ReplyBytes;
            return bytes <= SegmentLayout.MaxReplyBytes ? bytes : 0;
        }
    }

    /// <summary>What captures of other threads forbid to this one (cuThreadExchangeStreamCaptureMode).</summary>
    internal CUstreamCaptureMode CaptureMode;

    /// <summary>Not 0 while the shim itself posts: its records are never captured.</summary>
    internal int PassesCaptures;

    /// <summary>Current context, 0 = none.</summary>
    internal readonly ulong Context => _depth == 0 ? 0 : _contexts[_depth - 1];

    /// <summary>Number of the thread's ring slot.</summary>
    internal readonly int Slot => _slot;

    /// <summary>Number of contexts on the stack.</summary>
    internal readonly int ContextDepth => _depth;

    /// <summary>Reserve memory for all threads' blocks; before the first <see cref="Enter"/>.</summary>
    internal static bool TryPrepare()
    {
        s_blocks = GuestLibc.MapZeroed(SegmentLayout.SlotCount * BlockBytes + 4096);
        if (s_blocks == null || sizeof(ClientThread) > BlockBytes)
        {
            return false;
        }
        s_slots = (ulong*)(s_blocks + SegmentLayout.SlotCount * BlockBytes);
        uint key;
        if (GuestLibc.KeyCreate(&key, &Leave) != 0)
        {
            return false;
        }
        s_key = key;
        return true;
    }

    /// <summary>
    /// The calling thread's block. NotInitialized before cuInit and in a forked child; IllegalState inside a signal handler that
    /// interrupted a call of the same thread.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static CuResult Enter(ClientThread** thread)
    {
        var guard = Session.Guard;
        if (guard == null || *(uint*)guard == 0)
        {
            return CuResult.NotInitialized;
        }
        var block = (ClientThread*)GuestLibc.GetSpecific(s_key);
        if (block == null)
        {
            block = Claim();
            if (block == null)
            {
                return CuResult.OutOfMemory;
            }
        }
        *thread = block;
        return block->_busy == 0 ? CuResult.Success : CuResult.IllegalState;
    }

    /// <summary>
    /// Room for a record's payload, which the caller fills completely. Waits while the ring is full. Null when the record
    /// is too large or the worker is gone.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal byte* Begin(Op op, uint bytes)
    {
        _busy = 1;
        if (Captures.AreActive && PassesCaptures == 0)
        {
            return BeginAside(op, bytes);
        }
        return BeginNow(op, bytes);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private byte* BeginNow(Op op, uint bytes)
    {
        // Before anything is written: a locked instruction waits for all stores before it, and those to the ring take long while
        // the worker has its lines.
        _ticket = Session.NextTicket();
        var record = _writer.Begin((ushort)op, Context, bytes);
        return record != null ? record : BeginSlowly(op, bytes);
    }

    /// <summary>Publish the record and go on. Success, or the session's sticky error, which the worker shows in the segment.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal CuResult Post()
    {
        if (_aside != null)
        {
            var result = TakeAside();
            if (_aside == null)
            {
                return result;
            }
            EndAside();
        }
        _writer.Commit(_ticket, 0);
        _busy = 0;
        return (CuResult)_writer.Control->StickyError;
    }

    /// <summary>Publish the record and wait for the answer, whose payload does not matter.</summary>
    internal CuResult Call()
    {
        var result = CallForReply();
        _busy = 0;
        if (Output.IsExpected && Output.MayFollow((Op)_writer.Op))
        {
            fixed (ClientThread* thread = &this)
            {
                Output.Show(thread);
            }
        }
        return result;
    }

    /// <summary>
    /// Publish the record and wait for the answer. After Success the block stays taken, so that a signal handler's call
    /// cannot replace the payload, until <see cref="Done"/>.
    /// </summary>
    internal CuResult CallForReply()
    {
        if (_aside != null)
        {
            var taken = TakeAside();
            if (_aside == null)
            {
                return taken;
            }
            EndAside();
        }
        var woken = _writer.Commit(_ticket, RecordHeader.CallFlag);
        var slot = _writer.Header;
        var result = CuResult.DeviceUnavailable;
        if (ClientWait.ForReply(slot, _writer.Control, _sequence, Session.Socket, !woken))
        {
            _sequence++;
            result = (CuResult)slot->ReplyResult;
        }
        if (result != CuResult.Success)
        {
            _busy = 0;
        }
        return result;
    }

    /// <summary>The payload has been read.</summary>
    internal void Done() => _busy = 0;

    /// <summary>Make <paramref name="context"/> the top of the stack; false when the stack is full.</summary>
    internal bool Push(ulong context)
    {
        if (_depth == MaxContexts)
        {
            return false;
        }
        _contexts[_depth++] = context;
        return true;
    }

    /// <summary>Take the top off; 0 when there is none.</summary>
    internal ulong Pop() => _depth == 0 ? 0 : _contexts[--_depth];

    /// <summary>Replace the top (cuCtxSetCurrent); 0 takes it off.</summary>
    internal void Replace(ulong context)
    {
        if (context == 0)
        {
            _depth -= _depth > 0 ? 1 : 0;
        }
        else if (_depth == 0)
        {
            _contexts[_depth++] = context;
        }
        else
        {
            _contexts[_depth - 1] = context;
        }
    }

    /// <summary>While streams are captured, a record is written beside the ring first: it may not be one for the worker.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private byte* BeginAside(Op op, uint bytes)
    {
        if (bytes > SegmentLayout.MaxRecordBytes - RecordHeader.Bytes)
        {
            _busy = 0;
            return null;
        }
        _aside = (byte*)GuestLibc.Allocate(bytes + 8);
        _asideBytes = bytes;
        _asideOp = op;
        _busy = _aside == null ? 0 : 1;
        return _aside;
    }

    /// <summary>
    /// The record beside the ring is complete: if it is for the worker it is copied into the ring and left in <see cref="_aside"/>,
    /// for <see cref="EndAside"/>; otherwise it is gone, and this is the call's result.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private CuResult TakeAside()
    {
        CuResult result;
        bool isTaken;
        fixed (ClientThread* thread = &this)
        {
            isTaken = Captures.Takes(thread, _asideOp, _aside, _asideBytes, &result);
        }
        if (!isTaken)
        {
            var record = BeginNow(_asideOp, _asideBytes);
            if (record != null)
            {
                _ = GuestLibc.Copy(record, _aside, _asideBytes);
                return CuResult.Success;
            }
            result = CuResult.DeviceUnavailable;
        }
        EndAside();
        _busy = 0;
        return result;
    }

    private void EndAside()
    {
        GuestLibc.Free(_aside);
        _aside = null;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private byte* BeginSlowly(Op op, uint bytes)
    {
        var size = bytes + RecordHeader.Bytes + 8;
        if (bytes > SegmentLayout.MaxRecordBytes - RecordHeader.Bytes)
        {
            _busy = 0;
            return null;
        }
        while (true)
        {
            fixed (RingWriter* writer = &_writer)
            {
                if (!ClientWait.ForRoom(writer, size, Session.Socket))
                {
                    _busy = 0;
                    return null;
                }
            }
            var record = _writer.Begin((ushort)op, Context, bytes);
            if (record != null)
            {
                return record;
            }
        }
    }

    private static ClientThread* Claim()
    {
        for (var word = 0; word < SegmentLayout.SlotCount / 64; word++)
        {
            ulong used;
            while ((used = Volatile.Read(ref s_slots[word])) != ulong.MaxValue)
            {
                var bit = System.Numerics.BitOperations.TrailingZeroCount(~used);
                if (Interlocked.CompareExchange(ref s_slots[word], used | (1UL << bit), used) != used)
                {
                    continue;
                }
                var slot = word * 64 + bit;
                var block = (ClientThread*)(s_blocks + slot * BlockBytes);
                block->_slot = slot;
                block->_busy = 0;
                block->_depth = 0;
                block->_aside = null;
                block->PassesCaptures = 0;
                block->CaptureMode = CUstreamCaptureMode.Global;
                block->_writer.Open(Session.Segment, slot, Session.WorkerFences);
                block->_sequence = Volatile.Read(ref block->_writer.Header->ReplySequence);
                if (GuestLibc.SetSpecific(s_key, block) != 0)
                {
                    Leave(block);
                    return null;
                }
                return block;
            }
        }
        Log.Line("more threads use the API at once than there are ring slots"u8);
        return null;
    }

    /// <summary>Destructor of the pthread key: the thread ends, its slot may be used by another. Also runs in forked children.</summary>
    private static void Leave(void* value)
    {
        if (Session.Check() != CuResult.Success)
        {
            return;
        }
        var block = (ClientThread*)value;
        block->_writer.Close();
        Interlocked.And(ref s_slots[block->_slot >> 6], ~(1UL << (block->_slot & 63)));
    }
}
