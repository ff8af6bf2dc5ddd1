using System.Text;
using Weir.Api;

namespace Weir.Devices.Software.Contexts;

/// <summary>Calls about the one device.</summary>
internal sealed unsafe class DeviceCalls(SoftwareDevice device, CurrentContexts contexts)
{
    private const int DriverVersion = 12080;

    private readonly DeviceAttributes attributes = new(device.Options);

    public CuResult Init(uint flags)
    {
        if (flags != 0)
        {
            return CuResult.InvalidValue;
        }
        contexts.IsInitialized = true;
        return CuResult.Success;
    }

    public static CuResult GetVersion(int* version)
    {
        if (version is null)
        {
            return CuResult.InvalidValue;
        }
        *version = DriverVersion;
        return CuResult.Success;
    }

    public CuResult Get(int* result, int ordinal)
    {
        if (!contexts.IsInitialized)
        {
            return CuResult.NotInitialized;
        }
        if (result is null)
        {
            return CuResult.InvalidValue;
        }
        if (ordinal != 0)
        {
            return CuResult.InvalidDevice;
        }
        *result = 0;
        return CuResult.Success;
    }

    public CuResult GetCount(int* count)
    {
        if (!contexts.IsInitialized)
        {
            return CuResult.NotInitialized;
        }
        if (count is null)
        {
            return CuResult.InvalidValue;
        }
        *count = 1;
        return CuResult.Success;
    }

    public CuResult GetName(byte* name, int length, int dev) =>
        Check(dev, name is not null && length > 0) is var result && result == CuResult.Success
            ? WriteText(attributes.Name, name, length)
            : result;

    public CuResult GetUuid(CUuuid* uuid, int dev)
    {
        CuResult result = Check(dev, uuid is not null);
        if (result == CuResult.Success)
        {
            attributes.Uuid.CopyTo(new Span<byte>(uuid, attributes.Uuid.Length));
        }
        return result;
    }

    public CuResult TotalMemory(nuint* bytes, int dev)
    {
        CuResult result = Check(dev, bytes is not null);
        if (result == CuResult.Success)
        {
            *bytes = (nuint)device.Memory.LimitBytes;
        }
        return result;
    }

    public CuResult GetAttribute(int* value, CUdevice_attribute attribute, int dev)
    {
        CuResult result = Check(dev, value is not null);
        if (result != CuResult.Success)
        {
            return result;
        }
        if (!attributes.TryGet((int)attribute, out int found))
        {
            return CuResult.InvalidValue;
        }
        *value = found;
        return CuResult.Success;
    }

    public CuResult ComputeCapability(int* major, int* minor, int dev)
    {
        CuResult result = Check(dev, major is not null && minor is not null);
        if (result == CuResult.Success)
        {
            (*major, *minor) = device.Options.ComputeCapability;
        }
        return result;
    }

    public CuResult GetPciBusId(byte* text, int length, int dev)
    {
        const string Id = "0000:00:00.0";
        CuResult result = Check(dev, text is not null && length > Id.Length);
        return result == CuResult.Success ? WriteText(Id, text, length) : result;
    }

    public CuResult CanAccessPeer(int* can, int dev, int peer)
    {
        CuResult result = Check(dev, can is not null);
        result = result == CuResult.Success ? Check(peer, true) : result;
        if (result == CuResult.Success)
        {
            *can = 0;
        }
        return result;
    }

    public CuResult PeerAttribute(int dev, int peer)
    {
        // A device is no peer of itself, and there is no other.
        CuResult result = Check(dev, true);
        result = result == CuResult.Success ? Check(peer, true) : result;
        return result == CuResult.Success ? CuResult.InvalidDevice : result;
    }

    /// <summary>NOT_INITIALIZED, INVALID_VALUE or INVALID_DEVICE, as the API orders them.</summary>
    public CuResult Check(int dev, bool pointersAreGood) =>
        !contexts.IsInitialized ? CuResult.NotInitialized
        : !pointersAreGood ? CuResult.InvalidValue
        : dev != 0 ? CuResult.InvalidDevice
        : CuResult.Success;

    private static CuResult WriteText(string text, byte* target, int length)
    {
        Span<byte> room = new(target, length);
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        int written = Math.Min(bytes.Length, length - 1);
        bytes.AsSpan(0, written).CopyTo(room);
        room[written] = 0;
        return CuResult.Success;
    }
}
