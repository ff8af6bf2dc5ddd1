using Weir.Api;
using Weir.Shim.Guest;

namespace Weir.Shim;

/// <content>Platforms and devices, and how the loader finds them.</content>
internal static unsafe partial class OpenClCalls
{
    private const uint MostPlatforms = 16;
    private const uint MostDevices = 64;

    private const uint DevicePlatform = 0x1031;
    private const uint DeviceReferences = 0x1047;
    private const uint DeviceParent = 0x1042;
    private const uint DeviceType = 0x1000;
    private const ulong AnyDevice = 0xFFFFFFFF;
    private const ulong DefaultDevice = 1;

    private static GuestLock s_listing;
    private static ClPlatform* s_platforms;
    private static ClDevice* s_devices;
    private static uint s_platformCount;
    private static uint s_deviceCount;

    internal static void* GetExtensionFunctionAddress(byte* func_name) => OpenClTable.Find(func_name);

    internal static void* GetExtensionFunctionAddressForPlatform(nint platform, byte* func_name) =>
        PlatformOf(platform) == null ? null : OpenClTable.Find(func_name);

    internal static ClResult IcdGetPlatformIDsKHR(uint num_entries, nint* platforms, uint* num_platforms) =>
        GetPlatformIDs(num_entries, platforms, num_platforms);

    internal static ClResult GetPlatformIDs(uint num_entries, nint* platforms, uint* num_platforms)
    {
        if ((num_entries == 0 && platforms != null) || (platforms == null && num_platforms == null))
        {
            return ClResult.InvalidValue;
        }
        if (!TryList())
        {
            // No device, no controller: the platform does not appear.
            if (num_platforms != null)
            {
                *num_platforms = 0;
            }
            return ClResult.PlatformNotFound;
        }
        if (num_platforms != null)
        {
            *num_platforms = s_platformCount;
        }
        for (uint i = 0; platforms != null && i < s_platformCount && i < num_entries; i++)
        {
            platforms[i] = (nint)(s_platforms + i);
        }
        return ClResult.Success;
    }

    internal static ClResult GetPlatformInfo(
        nint platform,
        uint param_name,
        nuint param_value_size,
        void* param_value,
        nuint* param_value_size_ret
    )
    {
        var found = platform == 0 && TryList() ? s_platforms : PlatformOf(platform);
        return found == null
            ? ClResult.InvalidPlatform
            : Constant(
                &found->Answers,
                OpenClSubject.Platform,
                found->Index,
                param_name,
                param_value_size,
                param_value,
                param_value_size_ret
            );
    }

    internal static ClResult GetDeviceIDs(
        nint platform,
        ulong device_type,
        uint num_entries,
        nint* devices,
        uint* num_devices
    )
    {
        const ulong KnownTypes = 0x1F;
        var found = platform == 0 && TryList() ? s_platforms : PlatformOf(platform);
        if (found == null)
        {
            return ClResult.InvalidPlatform;
        }
        if (device_type != AnyDevice && (device_type == 0 || (device_type & ~KnownTypes) != 0))
        {
            return ClResult.InvalidDeviceType;
        }
        if ((num_entries == 0 && devices != null) || (devices == null && num_devices == null))
        {
            return ClResult.InvalidValue;
        }
        uint count = 0;
        for (uint i = 0; i < found->DeviceCount; i++)
        {
            var device = s_devices + found->FirstDevice + i;
            var isDefault = (device_type & DefaultDevice) != 0 && i == 0;
            if (device_type != AnyDevice && !isDefault && (device->Type & device_type & ~DefaultDevice) == 0)
            {
                continue;
            }
            if (devices != null && count < num_entries)
            {
                devices[count] = (nint)device;
            }
            count++;
        }
        if (num_devices != null)
        {
            *num_devices = count;
        }
        return count == 0 ? ClResult.DeviceNotFound : ClResult.Success;
    }

    internal static ClResult GetDeviceInfo(
        nint device,
        uint param_name,
        nuint param_value_size,
        void* param_value,
        nuint* param_value_size_ret
    )
    {
        var found = DeviceOf(device);
        if (found == null)
        {
            return ClResult.InvalidDevice;
        }
        return param_name switch
        {
            DevicePlatform => Answer((nint)found->Platform, param_value_size, param_value, param_value_size_ret),
            DeviceParent => Answer((nint)0, param_value_size, param_value, param_value_size_ret),
            DeviceReferences => Answer(1u, param_value_size, param_value, param_value_size_ret),
            _ => Constant(
                &found->Answers,
                OpenClSubject.Device,
                found->Index,
                param_name,
                param_value_size,
                param_value,
                param_value_size_ret
            ),
        };
    }

    // No device can be divided (CL_DEVICE_PARTITION_PROPERTIES): every property is one that the device does not support.
    internal static ClResult CreateSubDevices(
        nint in_device,
        nint* properties,
        uint num_devices,
        nint* out_devices,
        uint* num_devices_ret
    ) => DeviceOf(in_device) == null ? ClResult.InvalidDevice : ClResult.InvalidValue;

    internal static ClResult RetainDevice(nint device) =>
        DeviceOf(device) == null ? ClResult.InvalidDevice : ClResult.Success;

    internal static ClResult ReleaseDevice(nint device) =>
        DeviceOf(device) == null ? ClResult.InvalidDevice : ClResult.Success;

    internal static ClResult UnloadCompiler() => ClResult.Success;

    internal static ClResult UnloadPlatformCompiler(nint platform) =>
        PlatformOf(platform) == null ? ClResult.InvalidPlatform : ClResult.Success;

    internal static ClResult GetDeviceAndHostTimer(nint device, ulong* device_timestamp, ulong* host_timestamp)
    {
        var found = DeviceOf(device);
        if (found == null)
        {
            return ClResult.InvalidDevice;
        }
        if (device_timestamp == null || host_timestamp == null)
        {
            return ClResult.InvalidValue;
        }
        var times = stackalloc ulong[2];
        var result = Ask(OpenClSubject.Timers, found->Index, 0, 0, 16, times, null);
        (*device_timestamp, *host_timestamp) = (times[0], times[1]);
        return result;
    }

    internal static ClResult GetHostTimer(nint device, ulong* host_timestamp)
    {
        ulong unused;
        return GetDeviceAndHostTimer(device, &unused, host_timestamp);
    }

    private static ClDevice* DeviceOf(nint value)
    {
        var index = ((ulong)value - (ulong)s_devices) / (ulong)sizeof(ClDevice);
        var found = s_devices + index;
        return s_devices != null && index < s_deviceCount && (nint)found == value ? found : null;
    }

    private static ClPlatform* PlatformOf(nint value)
    {
        var index = ((ulong)value - (ulong)s_platforms) / (ulong)sizeof(ClPlatform);
        var found = s_platforms + index;
        return s_platforms != null && index < s_platformCount && (nint)found == value ? found : null;
    }

    // Asks once what there is; false when there is nothing.
    private static bool TryList()
    {
        if (Volatile.Read(ref s_platformCount) != 0)
        {
            return true;
        }
        s_listing.Enter();
        var isThere = s_platformCount != 0 || (Session.Open() == CuResult.Success && List());
        s_listing.Leave();
        return isThere;
    }

    private static bool List()
    {
        ClientThread* thread;
        if (
            !OpenClTable.TryPrepare()
            || !ClObject.TryPrepare()
            || Enter(&thread) != ClResult.Success
            || WireCalls.ClList(thread) != ClResult.Success
            || thread->ReplyBytes < 4
        )
        {
            return false;
        }
        var words = (uint*)thread->Reply;
        var count = words[0];
        if (count == 0 || count > MostPlatforms || thread->ReplyBytes < 4 + count * 4)
        {
            return false;
        }
        s_platforms = (ClPlatform*)GuestLibc.MapZeroed(MostPlatforms * (nuint)sizeof(ClPlatform));
        s_devices = (ClDevice*)GuestLibc.MapZeroed(MostDevices * (nuint)sizeof(ClDevice));
        if (s_platforms == null || s_devices == null)
        {
            return false;
        }
        uint devices = 0;
        for (uint i = 0; i < count; i++)
        {
            s_platforms[i] = new ClPlatform
            {
                Table = OpenClTable.Functions,
                Magic = ClPlatform.ExpectedMagic,
                Index = i,
                FirstDevice = devices,
                DeviceCount = words[1 + i],
            };
            for (uint j = 0; j < words[1 + i] && devices < MostDevices; j++)
            {
                s_devices[devices] = new ClDevice
                {
                    Table = OpenClTable.Functions,
                    Magic = ClDevice.ExpectedMagic,
                    Index = devices,
                    Platform = s_platforms + i,
                };
                devices++;
            }
        }
        for (uint i = 0; i < devices; i++)
        {
            _ = Ask(OpenClSubject.Device, i, 0, DeviceType, 8, &s_devices[i].Type, null);
        }
        s_deviceCount = devices;
        Volatile.Write(ref s_platformCount, count);
        return true;
    }

    // Answers about platforms and devices do not change: each is asked for once.
    private static ClResult Constant(
        ClAnswer** answers,
        OpenClSubject subject,
        uint index,
        uint parameter,
        nuint room,
        void* place,
        nuint* size
    )
    {
        const int Longest = 16 << 10;
        s_lists.Enter();
        var known = *answers;
        while (known != null && known->Parameter != parameter)
        {
            known = known->Next;
        }
        s_lists.Leave();
        if (known == null)
        {
            var value = stackalloc byte[Longest];
            nuint bytes;
            var result = Ask(subject, index, 0, parameter, Longest, value, &bytes);
            if (result != ClResult.Success)
            {
                return result;
            }
            known = (ClAnswer*)GuestLibc.Allocate((nuint)sizeof(ClAnswer) + bytes);
            if (known == null)
            {
                return ClResult.OutOfHostMemory;
            }
            known->Parameter = parameter;
            known->Bytes = (uint)bytes;
            _ = GuestLibc.Copy(known + 1, value, bytes);
            s_lists.Enter();
            known->Next = *answers;
            *answers = known;
            s_lists.Leave();
        }
        return Answer(known + 1, known->Bytes, room, place, size);
    }
}
