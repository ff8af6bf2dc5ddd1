using Weir.Api;
using Weir.Shim.Guest;
using Weir.Wire;

namespace Weir.Shim;

/// <summary>
/// Moves data between the client's memory and memory objects. A transfer that the program waits for goes through its queue, in parts that fit
/// a staging chunk. One that it does not wait for waits for its turn in the queue without data; then the client's own thread moves
/// the data at once and sets the command's event. A small write is taken along at once.
/// </summary>
internal static unsafe class Transfers
{
    // Leaves most chunks to others: writes that are taken along may have to wait for long.
    private const ulong MostPartsAlong = 16;

    // Less goes through a chunk in less time than it takes to wait for a turn.
    private const ulong LeastDirect = 32 << 10;

    private const uint First = 1;
    private const uint Last = 2;

    /// <summary>The client's memory → memory that nothing uses yet.</summary>
    internal static ClResult FillNew(ClientThread* thread, ClObject* memory, in ClBox box)
    {
        var walk = new ClBoxWalk(box);
        while (walk.TryNext(out var part))
        {
            var chunk = Staging.Claim(thread);
            if (chunk < 0)
            {
                return ClResult.DeviceNotAvailable;
            }
            Pack(chunk, part);
            var result = WireCalls.ClFillNew(
                thread,
                memory->Handle,
                (ulong)chunk,
                part.Bytes,
                part.X,
                part.Y,
                part.Z,
                part.Width,
                part.Height,
                part.Depth
            );
            if (result != ClResult.Success)
            {
                return result;
            }
        }
        return ClResult.Success;
    }

    /// <summary>A write: waited for, or taken along when it is small, or when its turn has come.</summary>
    internal static ClResult Write(ClCommand* command, ClObject* memory, in ClBox box, bool waits)
    {
        var place = PlacedBuffers.Of(memory);
        if (waits && place != null && box.Bytes >= LeastDirect)
        {
            return PlacedBuffers.Move(command, place, box, isRead: false);
        }
        var parts = new ClBoxWalk(box).Parts;
        if (!waits && (parts > MostPartsAlong || !Staging.HasFree((int)parts * 2)))
        {
            return Later(command, memory, box, isRead: false);
        }
        var walk = new ClBoxWalk(box);
        var position = First;
        while (walk.TryNext(out var part))
        {
            var chunk = Staging.Claim(command->Thread);
            if (chunk < 0)
            {
                return ClResult.DeviceNotAvailable;
            }
            Pack(chunk, part);
            position |= walk.IsDone ? Last : 0;
            var result = WireCalls.ClWrite(
                command->Thread,
                command->Queue->Handle,
                memory->Handle,
                (ulong)chunk,
                part.Bytes,
                position,
                part.X,
                part.Y,
                part.Z,
                part.Width,
                part.Height,
                part.Depth,
                part.RowPitch,
                part.SlicePitch,
                walk.IsDone ? command->Event : 0,
                (position & First) != 0 ? command->WaitCount : 0,
                command->Waits
            );
            if (result != ClResult.Success)
            {
                return result;
            }
            position = 0;
        }
        return ClResult.Success;
    }

    /// <summary>A read that the program waits for.</summary>
    internal static ClResult Read(ClCommand* command, ClObject* memory, in ClBox box)
    {
        var place = PlacedBuffers.Of(memory);
        return place != null && box.Bytes >= LeastDirect
            ? PlacedBuffers.Move(command, place, box, isRead: true)
            : Receive(command->Thread, command, memory, box);
    }

    /// <summary>A read or write whose data moves when its turn has come.</summary>
    internal static ClResult Later(ClCommand* command, ClObject* memory, in ClBox box, bool isRead)
    {
        if (!ClCommand.TryMint(command) || Callbacks.Start() != CuResult.Success)
        {
            return ClResult.OutOfResources;
        }
        var node = (ClNode*)GuestLibc.Allocate((nuint)sizeof(ClNode));
        if (node == null)
        {
            return ClResult.OutOfHostMemory;
        }
        *node = new ClNode
        {
            Memory = memory,
            IsRead = isRead ? 1 : 0,
            Box = box,
        };
        // Both are needed until the data has moved, whatever the program releases meanwhile.
        node->Event = ClCommand.Object(command);
        if (node->Event == null)
        {
            GuestLibc.Free(node);
            command->Event = 0;
            return ClResult.OutOfHostMemory;
        }
        ClObject.Use(memory);
        ClCommand.Share(command, node->Event);
        return WireCalls.ClTurn(
            command->Thread,
            command->Queue->Handle,
            command->Event,
            (ulong)node,
            command->WaitCount,
            command->Waits
        );
    }

    /// <summary>On the client's own thread: the queue waits for this transfer.</summary>
    internal static void TakeTurn(ClNode* node, int status)
    {
        ClientThread* thread;
        if (ClientThread.Enter(&thread) == CuResult.Success)
        {
            var result = (ClResult)status;
            var place = PlacedBuffers.Of(node->Memory);
            if (status >= 0 && place != null)
            {
                PlacedBuffers.Copy(place, node->Box, node->IsRead != 0);
                result = ClResult.Success;
            }
            else if (status >= 0)
            {
                result =
                    node->IsRead != 0
                        ? Receive(thread, null, node->Memory, node->Box)
                        : Send(thread, node->Memory, node->Box);
            }
            _ = WireCalls.ClSetUserEventStatus(thread, node->Event->Handle, (int)result);
        }
        ClObject.Unuse(node->Memory);
        ClObject.Unuse(node->Event);
        GuestLibc.Free(node);
    }

    private static ClResult Send(ClientThread* thread, ClObject* memory, in ClBox box)
    {
        var walk = new ClBoxWalk(box);
        while (walk.TryNext(out var part))
        {
            var chunk = Staging.Claim(thread);
            if (chunk < 0)
            {
                return ClResult.DeviceNotAvailable;
            }
            Pack(chunk, part);
            var result = WireCalls.ClWriteNow(
                thread,
                memory->Handle,
                (ulong)chunk,
                part.Bytes,
                part.X,
                part.Y,
                part.Z,
                part.Width,
                part.Height,
                part.Depth,
                part.RowPitch,
                part.SlicePitch
            );
            if (result != ClResult.Success)
            {
                return result;
            }
        }
        return ClResult.Success;
    }

    // Without a command: at once, whatever the queues do.
    private static ClResult Receive(ClientThread* thread, ClCommand* command, ClObject* memory, in ClBox box)
    {
        var walk = new ClBoxWalk(box);
        var parts = stackalloc ClBox[Staging.Depth];
        var chunks = stackalloc int[Staging.Depth];
        var posted = 0;
        var taken = 0;
        var failed = false;
        var place = First;
        var result = ClResult.Success;
        while (true)
        {
            while (posted - taken < Staging.Depth && result == ClResult.Success && walk.TryNext(out var part))
            {
                var chunk = Staging.Claim(thread);
                if (chunk < 0)
                {
                    result = ClResult.DeviceNotAvailable;
                    break;
                }
                parts[posted % Staging.Depth] = part;
                chunks[posted % Staging.Depth] = chunk;
                posted++;
                place |= walk.IsDone ? Last : 0;
                result =
                    command == null
                        ? WireCalls.ClReadNow(
                            thread,
                            memory->Handle,
                            (ulong)chunk,
                            part.Bytes,
                            part.X,
                            part.Y,
                            part.Z,
                            part.Width,
                            part.Height,
                            part.Depth,
                            part.RowPitch,
                            part.SlicePitch
                        )
                        : WireCalls.ClRead(
                            thread,
                            command->Queue->Handle,
                            memory->Handle,
                            (ulong)chunk,
                            part.Bytes,
                            place,
                            part.X,
                            part.Y,
                            part.Z,
                            part.Width,
                            part.Height,
                            part.Depth,
                            part.RowPitch,
                            part.SlicePitch,
                            walk.IsDone ? command->Event : 0,
                            (place & First) != 0 ? command->WaitCount : 0,
                            command->Waits
                        );
                place = 0;
            }
            if (posted == taken)
            {
                break;
            }
            var oldest = taken++ % Staging.Depth;
            var word = SegmentLayout.ChunkWord(Session.Segment, chunks[oldest]);
            if (!ClientWait.ForChunk(word, Session.Control, Session.Socket))
            {
                return ClResult.DeviceNotAvailable;
            }
            if (StagingChunk.State(*word) == StagingChunk.Ready)
            {
                Unpack(chunks[oldest], parts[oldest]);
            }
            else
            {
                failed = true;
            }
            StagingChunk.Release(word);
        }
        if (!failed || result != ClResult.Success)
        {
            return result;
        }
        // The queue knows what went wrong.
        result = command == null ? ClResult.Success : WireCalls.ClFinish(thread, command->Queue->Handle);
        return result == ClResult.Success ? ClResult.OutOfResources : result;
    }

    private static void Pack(int chunk, in ClBox part)
    {
        var data = Staging.Data(chunk);
        var row = part.Width * part.ElementBytes;
        if (part.Height == 1 || part.HostRowPitch == row)
        {
            _ = GuestLibc.Copy(data, part.Host, (nuint)(row * part.Height));
            return;
        }
        for (var i = 0ul; i < part.Height; i++)
        {
            _ = GuestLibc.Copy(data + i * row, part.Host + i * part.HostRowPitch, (nuint)row);
        }
    }

    private static void Unpack(int chunk, in ClBox part)
    {
        var data = Staging.Data(chunk);
        var row = part.Width * part.ElementBytes;
        if (part.Height == 1 || part.HostRowPitch == row)
        {
            _ = GuestLibc.Copy(part.Host, data, (nuint)(row * part.Height));
            return;
        }
        for (var i = 0ul; i < part.Height; i++)
        {
            _ = GuestLibc.Copy(part.Host + i * part.HostRowPitch, data + i * row, (nuint)row);
        }
    }
}
