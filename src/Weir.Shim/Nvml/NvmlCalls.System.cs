using Weir.Api;
using Weir.Shim.Guest;

namespace Weir.Shim;

/// <summary>NVML, answered in the client: life, versions, texts, finding devices.</summary>
internal static unsafe partial class NvmlCalls
{
    /// <summary>The driver branch that belongs to CUDA 13.0.</summary>
    private static ReadOnlySpan<byte> DriverVersionText => "580.65.06\0"u8;

    private static ReadOnlySpan<byte> NvmlVersionText => "13.580.65.06\0"u8;

    internal static NvmlReturn Init() => NvmlSession.Open();

    internal static NvmlReturn InitWithFlags(uint flags) => NvmlSession.Open();

    internal static NvmlReturn Shutdown() => NvmlSession.Close();

    internal static NvmlReturn Refuse(int exportIndex)
    {
        LocalCalls.CountRefused(exportIndex);
        return NvmlSession.IsOpen ? NvmlReturn.NotSupported : NvmlReturn.Uninitialized;
    }

    internal static byte* ErrorString(NvmlReturn result)
    {
        var text = result switch
        {
            NvmlReturn.Success => "The operation was successful\0"u8,
            NvmlReturn.Uninitialized => "NVML was not first initialized with nvmlInit()\0"u8,
            NvmlReturn.InvalidArgument => "Invalid Argument\0"u8,
            NvmlReturn.NotSupported => "Not Supported\0"u8,
            NvmlReturn.NoPermission => "Insufficient Permissions\0"u8,
            NvmlReturn.NotFound => "Not Found\0"u8,
            NvmlReturn.InsufficientSize => "Insufficient Size\0"u8,
            NvmlReturn.DriverNotLoaded => "Driver Not Loaded\0"u8,
            NvmlReturn.Timeout => "Timeout\0"u8,
            NvmlReturn.ArgumentVersionMismatch => "Argument Version Mismatch\0"u8,
            _ => "Unknown Error\0"u8,
        };
        fixed (byte* data = text)
        {
            return data; // Data of the binary: stays where it is.
        }
    }

    internal static NvmlReturn SystemGetDriverVersion(byte* version, uint length) =>
        GiveText(version, length, DriverVersionText);

    internal static NvmlReturn SystemGetNVMLVersion(byte* version, uint length) =>
        GiveText(version, length, NvmlVersionText);

    internal static NvmlReturn SystemGetCudaDriverVersion(int* cudaDriverVersion)
    {
        if (cudaDriverVersion == null)
        {
            return NvmlReturn.InvalidArgument;
        }
        *cudaDriverVersion = LocalCalls.DriverVersion;
        return NvmlReturn.Success;
    }

    /// <summary>Name of a process, as /proc shows its command.</summary>
    internal static NvmlReturn SystemGetProcessName(uint pid, byte* name, uint length)
    {
        if (!NvmlSession.IsOpen)
        {
            return NvmlReturn.Uninitialized;
        }
        if (name == null || length == 0)
        {
            return NvmlReturn.InvalidArgument;
        }
        var path = stackalloc byte[32];
        var at = Append(path, "/proc/"u8);
        at = Decimal(at, pid);
        at = Append(at, "/cmdline\0"u8);
        const int readOnlyCloexec = 0x80000;
        var file = GuestLibc.Open(path, readOnlyCloexec, 0);
        if (file < 0)
        {
            return NvmlReturn.NotFound;
        }
        var got = GuestLibc.Read(file, name, length - 1);
        _ = GuestLibc.Close(file);
        name[got < 0 ? 0 : got] = 0;
        return NvmlReturn.Success;
    }

    internal static NvmlReturn DeviceGetCount(uint* deviceCount)
    {
        if (!NvmlSession.IsOpen)
        {
            return NvmlReturn.Uninitialized;
        }
        if (deviceCount == null)
        {
            return NvmlReturn.InvalidArgument;
        }
        *deviceCount = (uint)Snapshot.DeviceCount;
        return NvmlReturn.Success;
    }

    internal static NvmlReturn DeviceGetHandleByIndex(uint index, nint* device)
    {
        if (!NvmlSession.IsOpen)
        {
            return NvmlReturn.Uninitialized;
        }
        if (device == null || index >= (uint)Snapshot.DeviceCount)
        {
            return NvmlReturn.InvalidArgument;
        }
        *device = NvmlSession.Handle((int)index);
        return NvmlReturn.Success;
    }

    internal static NvmlReturn DeviceGetHandleByUUID(byte* uuid, nint* device)
    {
        if (!NvmlSession.IsOpen)
        {
            return NvmlReturn.Uninitialized;
        }
        if (uuid == null || device == null)
        {
            return NvmlReturn.InvalidArgument;
        }
        var text = stackalloc byte[UuidTextBytes];
        for (var i = 0; i < Snapshot.DeviceCount; i++)
        {
            UuidText(text, Snapshot.Device(i));
            if (GuestLibc.Length(uuid) + 1 == UuidTextBytes && GuestLibc.Compare(uuid, text, UuidTextBytes) == 0)
            {
                *device = NvmlSession.Handle(i);
                return NvmlReturn.Success;
            }
        }
        return NvmlReturn.NotFound;
    }

    internal static NvmlReturn DeviceGetHandleByPciBusId(byte* pciBusId, nint* device)
    {
        if (!NvmlSession.IsOpen)
        {
            return NvmlReturn.Uninitialized;
        }
        if (pciBusId == null || device == null)
        {
            return NvmlReturn.InvalidArgument;
        }
        var ordinal = LocalCalls.FindPci(pciBusId);
        if (ordinal < 0)
        {
            return ordinal == -2 ? NvmlReturn.InvalidArgument : NvmlReturn.NotFound;
        }
        *device = NvmlSession.Handle(ordinal);
        return NvmlReturn.Success;
    }

    private static NvmlReturn GiveText(byte* destination, uint capacity, ReadOnlySpan<byte> text)
    {
        if (!NvmlSession.IsOpen)
        {
            return NvmlReturn.Uninitialized;
        }
        if (destination == null)
        {
            return NvmlReturn.InvalidArgument;
        }
        if (capacity < (uint)text.Length)
        {
            return NvmlReturn.InsufficientSize;
        }
        _ = Append(destination, text);
        return NvmlReturn.Success;
    }

    private static byte* Append(byte* at, ReadOnlySpan<byte> text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            *at++ = text[i];
        }
        return at;
    }

    private static byte* Decimal(byte* at, uint value)
    {
        var digits = stackalloc byte[10];
        var count = 0;
        do
        {
            digits[count++] = (byte)('0' + value % 10);
            value /= 10;
        } while (value != 0);
        while (count > 0)
        {
            *at++ = digits[--count];
        }
        return at;
    }
}
