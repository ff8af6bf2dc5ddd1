using Weir.Api;
using Weir.Devices.Software.Contexts;
using Weir.Devices.Software.Execution;

namespace Weir.Devices.Software.Memory;

/// <summary>Calls that copy.</summary>
internal sealed unsafe class CopyCalls(SoftwareDevice device, CurrentContexts contexts, StreamCalls streams)
{
    // Below this a copy takes less time than handing it to another thread.
    private const ulong AtOnceBytes = 128 << 10;
    private const ulong MostRows = 1ul << 32;

    public CuResult Copy(ulong destination, ulong source, nuint bytes, nint? stream) =>
        Copy(CUmemorytype.Unified, destination, CUmemorytype.Unified, source, bytes, stream);

    /// <summary>Copies a row between two addresses.</summary>
    /// <param name="destinationType">Host, Device or Unified.</param>
    /// <param name="destination">Address.</param>
    /// <param name="sourceType">Host, Device or Unified.</param>
    /// <param name="source">Address.</param>
    /// <param name="bytes">Size.</param>
    /// <param name="stream">Stream, or null for a copy that is awaited.</param>
    public CuResult Copy(
        CUmemorytype destinationType,
        ulong destination,
        CUmemorytype sourceType,
        ulong source,
        nuint bytes,
        nint? stream
    )
    {
        CuResult result = streams.Resolve(stream ?? 0, out DeviceStream queue);
        if (result != CuResult.Success || bytes == 0)
        {
            return result;
        }
        result = CheckAddress(destinationType, destination, bytes, out bool toDevice);
        if (result != CuResult.Success)
        {
            return result;
        }
        result = CheckAddress(sourceType, source, bytes, out bool fromDevice);
        return result != CuResult.Success
            ? result
            : Enqueue(
                queue,
                new CopyShape(bytes),
                new CopySide(destination),
                new CopySide(source),
                Direction(fromDevice, toDevice),
                stream is null
            );
    }

    public CuResult Copy2D(CUDA_MEMCPY2D* copy, nint? stream)
    {
        CuResult result = contexts.Get(out _);
        if (result != CuResult.Success || copy is null)
        {
            return result != CuResult.Success ? result : CuResult.InvalidValue;
        }
        CUDA_MEMCPY2D c = *copy;
        CopyEndpoint source = new(
            c.srcMemoryType,
            (ulong)c.srcHost,
            c.srcDevice,
            c.srcArray,
            c.srcXInBytes,
            c.srcY,
            0,
            c.srcPitch,
            0
        );
        CopyEndpoint destination = new(
            c.dstMemoryType,
            (ulong)c.dstHost,
            c.dstDevice,
            c.dstArray,
            c.dstXInBytes,
            c.dstY,
            0,
            c.dstPitch,
            0
        );
        return CopyBox(destination, source, new CopyShape(c.WidthInBytes, c.Height), stream);
    }

    public CuResult Copy3D(CUDA_MEMCPY3D* copy, nint? stream)
    {
        CuResult result = contexts.Get(out _);
        if (result != CuResult.Success || copy is null)
        {
            return result != CuResult.Success ? result : CuResult.InvalidValue;
        }
        CUDA_MEMCPY3D c = *copy;
        if (c.srcLOD != 0 || c.dstLOD != 0)
        {
            return CuResult.InvalidValue;
        }
        CopyEndpoint source = new(
            c.srcMemoryType,
            (ulong)c.srcHost,
            c.srcDevice,
            c.srcArray,
            c.srcXInBytes,
            c.srcY,
            c.srcZ,
            c.srcPitch,
            c.srcHeight
        );
        CopyEndpoint destination = new(
            c.dstMemoryType,
            (ulong)c.dstHost,
            c.dstDevice,
            c.dstArray,
            c.dstXInBytes,
            c.dstY,
            c.dstZ,
            c.dstPitch,
            c.dstHeight
        );
        return CopyBox(destination, source, new CopyShape(c.WidthInBytes, c.Height, c.Depth), stream);
    }

    private CuResult CopyBox(in CopyEndpoint destination, in CopyEndpoint source, CopyShape shape, nint? stream)
    {
        CuResult result = streams.Resolve(stream ?? 0, out DeviceStream queue);
        if (result != CuResult.Success || shape.WidthBytes == 0 || shape.Rows == 0 || shape.Slices == 0)
        {
            return result;
        }
        if (shape.Rows > MostRows || shape.Slices > MostRows)
        {
            return CuResult.InvalidValue;
        }
        result = Resolve(destination, shape, out CopySide to, out bool toDevice);
        if (result != CuResult.Success)
        {
            return result;
        }
        result = Resolve(source, shape, out CopySide from, out bool fromDevice);
        if (result != CuResult.Success)
        {
            return result;
        }
        // Rows without gaps are one long row: that can be split anywhere.
        if (
            shape.Slices == 1
            && to.PitchBytes == from.PitchBytes
            && (shape.Rows == 1 || to.PitchBytes == shape.WidthBytes)
        )
        {
            shape = new CopyShape(shape.WidthBytes * shape.Rows);
        }
        return Enqueue(queue, shape, to, from, Direction(fromDevice, toDevice), stream is null);
    }

    private CuResult Enqueue(
        DeviceStream stream,
        CopyShape shape,
        CopySide to,
        CopySide from,
        CopyDirection direction,
        bool isAwaited
    )
    {
        if (
            shape.TotalBytes <= AtOnceBytes
            && device.Profiles is null
            && device.Scheduler.TryEnterIdle(stream) is { } slot
        )
        {
            try
            {
                CopyCommand.Copy(shape, to, from);
            }
            finally
            {
                device.Scheduler.LeaveIdle(slot, isCopy: true);
            }
            device.Counters.Copied(direction, shape.TotalBytes);
            return CuResult.Success;
        }
        CopyCommand command = new(stream, shape, to, from, direction, device.Counters, device.Scheduler.SlotCount);
        device.Scheduler.Enqueue(command, callerHelps: isAwaited);
        if (!isAwaited)
        {
            return CuResult.Success;
        }
        device.Scheduler.Wait(command);
        return (CuResult)stream.Context.Fault;
    }

    private CuResult Resolve(in CopyEndpoint end, CopyShape shape, out CopySide side, out bool isDevice)
    {
        side = default;
        isDevice = true;
        if (end.Type == CUmemorytype.Array)
        {
            return ResolveArray(end, shape, out side);
        }
        nuint rowEnd = end.XBytes + shape.WidthBytes;
        bool isPitched = shape.Rows > 1 || shape.Slices > 1 || end.Y > 0 || end.Z > 0;
        if (rowEnd < end.XBytes || (isPitched && end.PitchBytes < rowEnd))
        {
            return CuResult.InvalidValue;
        }
        nuint height = Math.Max(end.Height, end.Y + shape.Rows);
        if ((shape.Slices > 1 || end.Z > 0) && end.Height < end.Y + shape.Rows)
        {
            return CuResult.InvalidValue;
        }
        UInt128 slice = (UInt128)end.PitchBytes * height;
        UInt128 before = end.Z * slice + (UInt128)end.Y * end.PitchBytes + end.XBytes;
        UInt128 extent = (shape.Slices - 1) * slice + (UInt128)(shape.Rows - 1) * end.PitchBytes + shape.WidthBytes;
        ulong start = end.Type == CUmemorytype.Host ? end.Host : end.Device;
        if (before + extent + start > ulong.MaxValue)
        {
            return CuResult.InvalidValue;
        }
        start += (ulong)before;
        side = new CopySide(start, end.PitchBytes, (nuint)slice);
        return CheckAddress(end.Type, start, (nuint)extent, out isDevice);
    }

    private CuResult ResolveArray(in CopyEndpoint end, CopyShape shape, out CopySide side)
    {
        side = default;
        if (device.Arrays.Find(end.Array) is not { } array)
        {
            return CuResult.InvalidHandle;
        }
        if (
            !Fits(end.XBytes, shape.WidthBytes, array.RowBytes)
            || !Fits(end.Y, shape.Rows, array.Rows)
            || !Fits(end.Z, shape.Slices, array.Slices)
        )
        {
            return CuResult.InvalidValue;
        }
        side = new CopySide(
            array.Address + end.Z * (ulong)array.SliceBytes + end.Y * (ulong)array.PitchBytes + end.XBytes,
            array.PitchBytes,
            array.SliceBytes
        );
        return CuResult.Success;
    }

    private static bool Fits(nuint offset, nuint size, nuint limit) => size <= limit && offset <= limit - size;

    private CuResult CheckAddress(CUmemorytype type, ulong address, nuint bytes, out bool isDevice)
    {
        isDevice = device.Memory.Covers(address);
        if (address == 0 || type is not (CUmemorytype.Host or CUmemorytype.Device or CUmemorytype.Unified))
        {
            return CuResult.InvalidValue;
        }
        if (isDevice && type != CUmemorytype.Host)
        {
            return device.HoldsDeviceMemory(address, bytes) ? CuResult.Success : CuResult.InvalidValue;
        }
        if (type != CUmemorytype.Device)
        {
            // A host pointer that is no good is found by touching it, as everywhere; into the window's gaps it must not go.
            return isDevice ? CuResult.InvalidValue : CuResult.Success;
        }
        // Page-locked host memory has the same address on both sides.
        ulong offset = address - device.Window.Address;
        return offset < device.Window.SizeBytes && bytes <= device.Window.SizeBytes - offset
            ? CuResult.Success
            : CuResult.InvalidValue;
    }

    private static CopyDirection Direction(bool fromDevice, bool toDevice) =>
        (fromDevice, toDevice) switch
        {
            (true, true) => CopyDirection.OnDevice,
            (true, false) => CopyDirection.ToHost,
            (false, true) => CopyDirection.ToDevice,
            _ => CopyDirection.OnHost,
        };
}
