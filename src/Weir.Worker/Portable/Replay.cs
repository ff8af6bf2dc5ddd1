using System.Runtime.InteropServices;
using Weir.Api;
using Weir.Images;
using Weir.Wire;
using Weir.Worker.Sessions;

namespace Weir.Worker.Portable;

/// <summary>Makes a session's objects anew, from the records that made them the first time.</summary>
internal sealed unsafe class Replay
{
    private readonly Session _session;
    private readonly IPortableDevice _device;
    private readonly Dispatcher _dispatcher;
    private readonly byte* _fields = (byte*)NativeMemory.AlignedAlloc(SegmentLayout.MaxRecordBytes, 64);
    private readonly byte* _answer = (byte*)NativeMemory.AlignedAlloc(SegmentLayout.MaxReplyBytes, 64);

    private Replay(Session session, IPortableDevice device)
    {
        _session = session;
        _device = device;
        _dispatcher = new Dispatcher(session) { Payload = _fields };
    }

    /// <summary>Carries out the session's journal and its table of mapped memory on a device that has nothing yet.</summary>
    /// <exception cref="ImageException">A record cannot be carried out as it was, because the image is wrong or the device is another.</exception>
    public static void Run(Session session, IPortableDevice device)
    {
        var replay = new Replay(session, device);
        try
        {
            replay.Journal(session.Journal.Entries());
            replay.Virtual(session.Journal.Virtual);
        }
        catch (ProtocolException failure)
        {
            throw new ImageException(
                ImageFault.Malformed,
                $"the image's journal cannot be replayed: {failure.Message}"
            );
        }
        finally
        {
            _ = session.Driver.CtxSetCurrent(0);
            NativeMemory.AlignedFree(replay._fields);
            NativeMemory.AlignedFree(replay._answer);
        }
    }

    /// <summary>Carries out only what concerns objects of OpenCL, which have been given back meanwhile.</summary>
    /// <exception cref="ImageException">A record cannot be carried out as it was.</exception>
    public static void Objects(Session session, IPortableDevice device)
    {
        var replay = new Replay(session, device);
        try
        {
            replay.Journal([.. session.Journal.Entries().Where(entry => CallTable.IsOfObjects(entry.Op))]);
        }
        finally
        {
            NativeMemory.AlignedFree(replay._fields);
            NativeMemory.AlignedFree(replay._answer);
        }
    }

    private void Journal(List<JournalEntry> entries)
    {
        foreach (JournalEntry entry in entries)
        {
            if (entry.Image is { } image)
            {
                ulong blob = BitConverter.ToUInt64(entry.Fields, sizeof(ulong));
                _ = _session.Blobs.TryAppend(blob, image.AsSpan(0, image.Length - Dispatcher.ImagePaddingBytes));
            }
            _device.Place(entry.Places);
            CuResult result = Carry((Op)entry.Op, entry.Context, entry.Fields);
            bool isElsewhere =
                result == CuResult.Success
                && CallTable.CarriageField(entry.Op, 0) == CallTable.FirstOfAnswer
                && *(ulong*)_answer != entry.Object;
            bool mayFail = CallTable.IsOfObjects(entry.Op) && CallTable.Carriage(entry.Op) == CarriageKind.Set;
            if (mayFail)
            {
                // An argument that has been released since: its kernel is of no use until it gets another.
                continue;
            }
            if (result != CuResult.Success || isElsewhere)
            {
                throw new ImageException(
                    ImageFault.Malformed,
                    $"{CallTable.Name(entry.Op)} cannot be done as it was: {(isElsewhere ? "it gave another place" : result)}"
                );
            }
        }
        // What had ended already, but was needed to make others.
        foreach (JournalEntry entry in entries.Where(entry => entry.HasEnded))
        {
            _ = Carry(Op.MemPoolDestroy, 0, BitConverter.GetBytes(entry.Object));
        }
    }

    private void Virtual(VirtualTable table)
    {
        foreach ((ulong address, ulong bytes) in table.Reserved)
        {
            ulong got;
            _device.Place([address]);
            Require(_session.Driver.MemAddressReserve(&got, (nuint)bytes, 0, 0, 0), "addresses cannot be reserved");
            if (got != address)
            {
                throw new ImageException(ImageFault.Malformed, "reserved addresses are taken");
            }
        }
        foreach (PhysicalEntry memory in table.Physical)
        {
            _device.Place([memory.Key]);
            nint native;
            CUmemAllocationProp properties = memory.Properties;
            Require(
                _session.Driver.MemCreate(&native, (nuint)memory.Bytes, &properties, 0),
                "physical memory cannot be made"
            );
            foreach (MappingEntry mapping in table.Mappings.Values.Where(one => one.Memory == memory))
            {
                Map(mapping, native);
            }
            Name(memory, table, native);
        }
    }

    private void Map(MappingEntry mapping, nint native)
    {
        Require(
            _session.Driver.MemMap(mapping.Address, (nuint)mapping.Bytes, (nuint)mapping.Offset, native, 0),
            "memory cannot be mapped"
        );
        if (mapping.Access != 0)
        {
            CUmemAccessDesc access = new() { location = mapping.Memory.Properties.location, flags = mapping.Access };
            Require(
                _session.Driver.MemSetAccess(mapping.Address, (nuint)mapping.Bytes, &access, 1),
                "access to memory cannot be given"
            );
        }
    }

    // As many handles as the client holds, all of the same memory.
    private void Name(PhysicalEntry memory, VirtualTable table, nint native)
    {
        if (memory.Handles.Count == 0)
        {
            _ = _session.Driver.MemRelease(native);
            return;
        }
        for (int index = 0; index < memory.Handles.Count; index++)
        {
            if (index > 0)
            {
                ulong mapped = table.Mappings.Values.FirstOrDefault(one => one.Memory == memory)?.Address ?? 0;
                nint again;
                Require(
                    _session.Driver.MemRetainAllocationHandle(&again, mapped),
                    "physical memory cannot be retained"
                );
            }
            _session.Handles.Add(HandleKind.PhysicalMemory, memory.Handles[index], native);
        }
    }

    private CuResult Carry(Op op, ulong context, byte[] fields)
    {
        nint native = 0;
        if (context != 0 && !_session.Handles.TryGet(HandleKind.Context, context, out native))
        {
            // Memory of a pool outlives the context that asked for it; any other will do.
            native = _session.Handles[HandleKind.Context].Live().FirstOrDefault().Native;
        }
        _ = _session.Driver.CtxSetCurrent(native);
        _dispatcher.Context = context;
        fields.CopyTo(new Span<byte>(_fields, SegmentLayout.MaxRecordBytes));
        var record = new RecordReader(_fields, fields.Length);
        var reply = new ReplyWriter(_answer, SegmentLayout.MaxReplyBytes);
        return _dispatcher.Dispatch((ushort)op, ref record, ref reply);
    }

    private static void Require(CuResult result, string problem)
    {
        if (result != CuResult.Success)
        {
            throw new ImageException(ImageFault.Malformed, $"{problem}: {result}");
        }
    }
}
