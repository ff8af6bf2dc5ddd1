using Weir.Api;
using Weir.Devices.Software.Execution;

namespace Weir.Devices.Software.Memory;

/// <summary>Calls that fill memory.</summary>
internal sealed class FillCalls(SoftwareDevice device, StreamCalls streams)
{
    private const ulong AtOnceBytes = 128 << 10;

    /// <summary>Fills rows with an element.</summary>
    /// <param name="start">Device address, a multiple of the element's size.</param>
    /// <param name="pitchBytes">From one row to the next; any when there is one row.</param>
    /// <param name="value">Element; its low bytes count.</param>
    /// <param name="elementBytes">1, 2 or 4.</param>
    /// <param name="width">Elements per row.</param>
    /// <param name="height">Rows.</param>
    /// <param name="stream">Stream, or null for a fill that is awaited.</param>
    public CuResult Fill(
        ulong start,
        nuint pitchBytes,
        uint value,
        int elementBytes,
        nuint width,
        nuint height,
        nint? stream
    )
    {
        CuResult result = streams.Resolve(stream ?? 0, out DeviceStream queue);
        if (result != CuResult.Success || width == 0 || height == 0)
        {
            return result;
        }
        UInt128 rowBytes = (UInt128)width * (uint)elementBytes;
        UInt128 extent = (UInt128)(height - 1) * pitchBytes + rowBytes;
        bool isAligned = start % (uint)elementBytes == 0 && (height == 1 || pitchBytes % (nuint)elementBytes == 0);
        if (
            !isAligned
            || (height > 1 && pitchBytes < rowBytes)
            || extent > long.MaxValue
            || !IsOurs(start, (ulong)extent)
        )
        {
            return CuResult.InvalidValue;
        }
        if (height > 1 && pitchBytes == rowBytes)
        {
            width *= height;
            height = 1;
        }
        if (
            height == 1
            && rowBytes <= AtOnceBytes
            && device.Profiles is null
            && device.Scheduler.TryEnterIdle(queue) is { } slot
        )
        {
            FillCommand.Fill(start, width, elementBytes, value);
            device.Scheduler.LeaveIdle(slot, isCopy: true);
            return CuResult.Success;
        }
        CopySide destination = new(start, pitchBytes);
        FillCommand command = new(queue, destination, width, height, elementBytes, value, device.Scheduler.SlotCount);
        device.Scheduler.Enqueue(command, callerHelps: stream is null);
        if (stream is null)
        {
            device.Scheduler.Wait(command);
        }
        return stream is null ? (CuResult)queue.Context.Fault : CuResult.Success;
    }

    private bool IsOurs(ulong address, ulong bytes)
    {
        if (device.Memory.Covers(address))
        {
            return device.HoldsDeviceMemory(address, bytes);
        }
        ulong offset = address - device.Window.Address;
        return offset < device.Window.SizeBytes && bytes <= device.Window.SizeBytes - offset;
    }
}
