using Weir.Api;
using Weir.Shim.Guest;
using Weir.Wire;

namespace Weir.Shim;

/// <summary>Device queries, answered from the snapshot.</summary>
internal static unsafe partial class LocalCalls
{
    private const int LastAttribute = 159;

    internal static CuResult DeviceGet(int* device, int ordinal)
    {
        var result = Session.Check();
        if (result != CuResult.Success)
        {
            return result;
        }
        if (device == null)
        {
            return CuResult.InvalidValue;
        }
        if (Snapshot.Device(ordinal) == null)
        {
            return CuResult.InvalidDevice;
        }
        *device = ordinal;
        return CuResult.Success;
    }

    internal static CuResult DeviceGetCount(int* count)
    {
        var result = Session.Check();
        if (result != CuResult.Success)
        {
            return result;
        }
        if (count == null)
        {
            return CuResult.InvalidValue;
        }
        *count = Snapshot.DeviceCount;
        return CuResult.Success;
    }

    internal static CuResult DeviceGetName(byte* name, int len, int dev)
    {
        DeviceSnapshot* device;
        var result = Find(dev, &device);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (name == null || len <= 0)
        {
            return CuResult.InvalidValue;
        }
        CopyText(name, len, device->Name, DeviceSnapshot.NameBytes);
        return CuResult.Success;
    }

    internal static CuResult DeviceGetUuid(CUuuid* uuid, int dev)
    {
        DeviceSnapshot* device;
        var result = Find(dev, &device);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (uuid == null)
        {
            return CuResult.InvalidValue;
        }
        _ = GuestLibc.Copy(uuid, device->Uuid, 16);
        return CuResult.Success;
    }

    /// <summary>LUIDs belong to Windows.</summary>
    internal static CuResult DeviceGetLuid(byte* luid, uint* deviceNodeMask, int dev)
    {
        DeviceSnapshot* device;
        var result = Find(dev, &device);
        return result != CuResult.Success ? result : CuResult.NotSupported;
    }

    internal static CuResult DeviceTotalMem(nuint* bytes, int dev)
    {
        DeviceSnapshot* device;
        var result = Find(dev, &device);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (bytes == null)
        {
            return CuResult.InvalidValue;
        }
        *bytes = (nuint)device->TotalMemoryBytes;
        return CuResult.Success;
    }

    internal static CuResult DeviceGetAttribute(int* pi, CUdevice_attribute attrib, int dev)
    {
        DeviceSnapshot* device;
        var result = Find(dev, &device);
        if (result != CuResult.Success)
        {
            return result;
        }
        var index = (int)attrib;
        if (
            pi == null
            || index is < 1 or > LastAttribute
            || (device->UnknownAttributes[index / 32] >> (index & 31) & 1) != 0
        )
        {
            return CuResult.InvalidValue;
        }
        *pi = device->Attributes[index];
        return CuResult.Success;
    }

    internal static CuResult DeviceGetProperties(CUdevprop* prop, int dev)
    {
        DeviceSnapshot* device;
        var result = Find(dev, &device);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (prop == null)
        {
            return CuResult.InvalidValue;
        }
        var attributes = device->Attributes;
        prop->maxThreadsPerBlock = attributes[1];
        for (var i = 0; i < 3; i++)
        {
            prop->maxThreadsDim[i] = attributes[2 + i];
            prop->maxGridSize[i] = attributes[5 + i];
        }
        prop->sharedMemPerBlock = attributes[8];
        prop->totalConstantMemory = attributes[9];
        prop->SIMDWidth = attributes[10];
        prop->memPitch = attributes[11];
        prop->regsPerBlock = attributes[12];
        prop->clockRate = attributes[13];
        prop->textureAlign = attributes[14];
        return CuResult.Success;
    }

    internal static CuResult DeviceComputeCapability(int* major, int* minor, int dev)
    {
        DeviceSnapshot* device;
        var result = Find(dev, &device);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (major == null || minor == null)
        {
            return CuResult.InvalidValue;
        }
        *major = device->ComputeMajor;
        *minor = device->ComputeMinor;
        return CuResult.Success;
    }

    internal static CuResult DeviceGetPCIBusId(byte* pciBusId, int len, int dev)
    {
        DeviceSnapshot* device;
        var result = Find(dev, &device);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (pciBusId == null || len < 13)
        {
            return CuResult.InvalidValue;
        }
        PciText(pciBusId, device, 4);
        return CuResult.Success;
    }

    /// <summary>Accepts [domain:]bus:device[.function], hexadecimal.</summary>
    internal static CuResult DeviceGetByPCIBusId(int* dev, byte* pciBusId)
    {
        var result = Session.Check();
        if (result != CuResult.Success)
        {
            return result;
        }
        if (dev == null || pciBusId == null)
        {
            return CuResult.InvalidValue;
        }
        var ordinal = FindPci(pciBusId);
        if (ordinal == -2)
        {
            return CuResult.InvalidValue;
        }
        *dev = ordinal;
        return ordinal < 0 ? CuResult.InvalidDevice : CuResult.Success;
    }

    internal static CuResult DeviceCanAccessPeer(int* canAccessPeer, int dev, int peerDev)
    {
        var result = Pair(dev, peerDev);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (canAccessPeer == null)
        {
            return CuResult.InvalidValue;
        }
        *canAccessPeer = 0;
        return CuResult.Success;
    }

    internal static CuResult DeviceGetP2PAttribute(
        int* value,
        CUdevice_P2PAttribute attrib,
        int srcDevice,
        int dstDevice
    )
    {
        var result = Pair(srcDevice, dstDevice);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (value == null || srcDevice == dstDevice)
        {
            return value == null ? CuResult.InvalidValue : CuResult.InvalidDevice;
        }
        *value = 0;
        return CuResult.Success;
    }

    /// <summary>Copy a NUL-terminated text, cut where the destination ends.</summary>
    internal static void CopyText(byte* destination, int capacity, byte* source, int sourceCapacity)
    {
        var i = 0;
        for (; i < capacity - 1 && i < sourceCapacity && source[i] != 0; i++)
        {
            destination[i] = source[i];
        }
        destination[i] = 0;
    }

    /// <summary>Write "dddd:bb:dd.0" (or with 8 digits of domain) with its NUL.</summary>
    internal static void PciText(byte* text, DeviceSnapshot* device, int domainDigits)
    {
        var at = Hex(text, device->PciDomain, domainDigits);
        *at++ = (byte)':';
        at = Hex(at, device->PciBus, 2);
        *at++ = (byte)':';
        at = Hex(at, device->PciDevice, 2);
        *at++ = (byte)'.';
        *at++ = (byte)'0';
        *at = 0;
    }

    /// <summary>Ordinal of the device at a PCI address; −1 none there, −2 malformed.</summary>
    internal static int FindPci(byte* text)
    {
        var parts = stackalloc int[4];
        var count = 0;
        var digits = 0;
        parts[0] = 0;
        for (var at = text; ; at++)
        {
            var digit = HexDigit(*at);
            if (digit >= 0)
            {
                if (++digits > 8)
                {
                    return -2;
                }
                parts[count] = (parts[count] << 4) | digit;
                continue;
            }
            if (digits == 0)
            {
                return -2;
            }
            count++;
            digits = 0;
            if (*at == 0 || *at == (byte)'.')
            {
                break;
            }
            if (*at != (byte)':' || count == 3)
            {
                return -2;
            }
            parts[count] = 0;
        }
        if (count < 2)
        {
            return -2;
        }
        var domain = count == 3 ? parts[0] : 0;
        for (var i = 0; i < Snapshot.DeviceCount; i++)
        {
            var device = Snapshot.Device(i);
            if (
                device->PciDomain == domain
                && device->PciBus == parts[count - 2]
                && device->PciDevice == parts[count - 1]
            )
            {
                return i;
            }
        }
        return -1;
    }

    private static CuResult Find(int ordinal, DeviceSnapshot** device)
    {
        var result = Session.Check();
        if (result != CuResult.Success)
        {
            return result;
        }
        *device = Snapshot.Device(ordinal);
        return *device == null ? CuResult.InvalidDevice : CuResult.Success;
    }

    private static CuResult Pair(int first, int second)
    {
        var result = Session.Check();
        if (result != CuResult.Success)
        {
            return result;
        }
        return Snapshot.Device(first) == null || Snapshot.Device(second) == null
            ? CuResult.InvalidDevice
            : CuResult.Success;
    }

    private static byte* Hex(byte* at, int value, int digits)
    {
        for (var i = digits - 1; i >= 0; i--)
        {
            var digit = (value >> (i * 4)) & 15;
            *at++ = (byte)(digit < 10 ? '0' + digit : 'a' + digit - 10);
        }
        return at;
    }

    private static int HexDigit(byte value) =>
        value switch
        {
            >= (byte)'0' and <= (byte)'9' => value - '0',
            >= (byte)'a' and <= (byte)'f' => value - 'a' + 10,
            >= (byte)'A' and <= (byte)'F' => value - 'A' + 10,
            _ => -1,
        };
}
