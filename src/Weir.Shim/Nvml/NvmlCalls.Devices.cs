using Weir.Api;
using Weir.Shim.Guest;
using Weir.Wire;

namespace Weir.Shim;

/// <summary>
/// What NVML says of a device. Sensors that a shared or simulated device does not have answer "not supported", as NVML itself does
/// on cards without them.
/// </summary>
internal static unsafe partial class NvmlCalls
{
    /// <summary>"GPU-", 36 characters, NUL.</summary>
    private const int UuidTextBytes = 41;

    internal static NvmlReturn DeviceGetName(nint device, byte* name, uint length)
    {
        DeviceSnapshot* found;
        var result = Find(device, name, &found);
        if (result != NvmlReturn.Success)
        {
            return result;
        }
        if (length <= GuestLibc.Length(found->Name))
        {
            return NvmlReturn.InsufficientSize;
        }
        LocalCalls.CopyText(name, (int)(length & int.MaxValue), found->Name, DeviceSnapshot.NameBytes);
        return NvmlReturn.Success;
    }

    internal static NvmlReturn DeviceGetUUID(nint device, byte* uuid, uint length)
    {
        DeviceSnapshot* found;
        var result = Find(device, uuid, &found);
        if (result != NvmlReturn.Success)
        {
            return result;
        }
        if (length < UuidTextBytes)
        {
            return NvmlReturn.InsufficientSize;
        }
        UuidText(uuid, found);
        return NvmlReturn.Success;
    }

    internal static NvmlReturn DeviceGetSerial(nint device, byte* serial, uint length) => Unsupported(device, serial);

    internal static NvmlReturn DeviceGetIndex(nint device, uint* index) => Ordinal(device, index);

    internal static NvmlReturn DeviceGetMinorNumber(nint device, uint* minorNumber) => Ordinal(device, minorNumber);

    internal static NvmlReturn DeviceGetBrand(nint device, int* type) => Give(device, type, 0);

    /// <summary>NVML numbers architectures by generation; known by compute capability.</summary>
    internal static NvmlReturn DeviceGetArchitecture(nint device, int* arch)
    {
        DeviceSnapshot* found;
        var result = Find(device, arch, &found);
        if (result != NvmlReturn.Success)
        {
            return result;
        }
        *arch = (found->ComputeMajor, found->ComputeMinor) switch
        {
            (3, _) => 2,
            (5, _) => 3,
            (6, _) => 4,
            (7, < 5) => 5,
            (7, _) => 6,
            (8, < 9) => 7,
            (8, _) => 8,
            (9, _) => 9,
            (>= 10, _) => 10,
            _ => -1,
        };
        return NvmlReturn.Success;
    }

    internal static NvmlReturn DeviceGetCudaComputeCapability(nint device, int* major, int* minor)
    {
        DeviceSnapshot* found;
        var result = Find(device, major, &found);
        if (result != NvmlReturn.Success || minor == null)
        {
            return result != NvmlReturn.Success ? result : NvmlReturn.InvalidArgument;
        }
        *major = found->ComputeMajor;
        *minor = found->ComputeMinor;
        return NvmlReturn.Success;
    }

    internal static NvmlReturn DeviceGetNumGpuCores(nint device, uint* numCores)
    {
        DeviceSnapshot* found;
        var result = Find(device, numCores, &found);
        if (result != NvmlReturn.Success)
        {
            return result;
        }
        const int multiprocessorCount = (int)CUdevice_attribute.MultiprocessorCount;
        const uint coresPerMultiprocessor = 128;
        *numCores = (uint)found->Attributes[multiprocessorCount] * coresPerMultiprocessor;
        return NvmlReturn.Success;
    }

    internal static NvmlReturn DeviceGetPciInfo(nint device, NvmlPciInfo* pci)
    {
        DeviceSnapshot* found;
        var result = Find(device, pci, &found);
        if (result != NvmlReturn.Success)
        {
            return result;
        }
        *pci = default;
        pci->domain = (uint)found->PciDomain;
        pci->bus = (uint)found->PciBus;
        pci->device = (uint)found->PciDevice;
        LocalCalls.PciText(pci->busIdLegacy, found, 4);
        LocalCalls.PciText(pci->busId, found, 8);
        return NvmlReturn.Success;
    }

    internal static NvmlReturn DeviceGetMemoryInfo(nint device, NvmlMemory* memory)
    {
        DeviceSnapshot* found;
        var result = Find(device, memory, &found);
        if (result != NvmlReturn.Success)
        {
            return result;
        }
        memory->total = found->TotalMemoryBytes;
        memory->free = FreeBytes(device, found);
        memory->used = memory->total - memory->free;
        return NvmlReturn.Success;
    }

    internal static NvmlReturn DeviceGetMemoryInfoV2(nint device, NvmlMemoryV2* memory)
    {
        DeviceSnapshot* found;
        var result = Find(device, memory, &found);
        if (result != NvmlReturn.Success)
        {
            return result;
        }
        memory->total = found->TotalMemoryBytes;
        memory->reserved = 0;
        memory->free = FreeBytes(device, found);
        memory->used = memory->total - memory->free;
        return NvmlReturn.Success;
    }

    internal static NvmlReturn DeviceGetBAR1MemoryInfo(nint device, NvmlMemory* bar1Memory) =>
        Unsupported(device, bar1Memory);

    internal static NvmlReturn DeviceGetUtilizationRates(nint device, NvmlUtilization* utilization) =>
        Unsupported(device, utilization);

    internal static NvmlReturn DeviceGetTemperature(nint device, int sensorType, uint* temp) =>
        Unsupported(device, temp);

    internal static NvmlReturn DeviceGetPowerUsage(nint device, uint* power) => Unsupported(device, power);

    internal static NvmlReturn DeviceGetPowerManagementLimit(nint device, uint* limit) => Unsupported(device, limit);

    internal static NvmlReturn DeviceGetEnforcedPowerLimit(nint device, uint* limit) => Unsupported(device, limit);

    internal static NvmlReturn DeviceGetFanSpeed(nint device, uint* speed) => Unsupported(device, speed);

    internal static NvmlReturn DeviceGetPerformanceState(nint device, int* pState) => Give(device, pState, 0);

    internal static NvmlReturn DeviceGetClockInfo(nint device, int type, uint* clock) =>
        DeviceGetMaxClockInfo(device, type, clock);

    internal static NvmlReturn DeviceGetMaxClockInfo(nint device, int type, uint* clock)
    {
        const int memoryClock = 2;
        DeviceSnapshot* found;
        var result = Find(device, clock, &found);
        if (result != NvmlReturn.Success)
        {
            return result;
        }
        var attribute = type == memoryClock ? CUdevice_attribute.MemoryClockRate : CUdevice_attribute.ClockRate;
        *clock = (uint)found->Attributes[(int)attribute] / 1000;
        return NvmlReturn.Success;
    }

    internal static NvmlReturn DeviceGetComputeMode(nint device, int* mode) => Give(device, mode, 0);

    internal static NvmlReturn DeviceGetPersistenceMode(nint device, int* mode) => Give(device, mode, 1);

    internal static NvmlReturn DeviceGetDisplayActive(nint device, int* isActive) => Give(device, isActive, 0);

    internal static NvmlReturn DeviceGetDisplayMode(nint device, int* display) => Give(device, display, 0);

    internal static NvmlReturn DeviceGetEccMode(nint device, int* current, int* pending) =>
        Unsupported(device, current);

    internal static NvmlReturn DeviceGetMigMode(nint device, uint* currentMode, uint* pendingMode) =>
        Unsupported(device, currentMode);

    /// <summary>None: which processes share a device is the pool's own knowledge, not a client's.</summary>
    internal static NvmlReturn DeviceGetComputeRunningProcesses(nint device, uint* infoCount, NvmlProcessInfo* infos) =>
        Give(device, (int*)infoCount, 0);

    internal static NvmlReturn DeviceGetGraphicsRunningProcesses(
        nint device,
        uint* infoCount,
        NvmlProcessInfo* infos
    ) => Give(device, (int*)infoCount, 0);

    internal static NvmlReturn DeviceGetP2PStatus(nint device1, nint device2, int p2pIndex, int* p2pStatus)
    {
        const int notSupported = 5;
        var result = Give(device2, p2pStatus, notSupported);
        return result != NvmlReturn.Success ? result : Give(device1, p2pStatus, notSupported);
    }

    internal static NvmlReturn DeviceGetTopologyCommonAncestor(nint device1, nint device2, int* pathInfo)
    {
        const int system = 50;
        var result = Give(device2, pathInfo, system);
        return result != NvmlReturn.Success ? result : Give(device1, pathInfo, device1 == device2 ? 0 : system);
    }

    private static NvmlReturn Find(nint device, void* output, DeviceSnapshot** found)
    {
        if (!NvmlSession.IsOpen)
        {
            return NvmlReturn.Uninitialized;
        }
        var ordinal = NvmlSession.Ordinal(device);
        if (ordinal < 0 || output == null)
        {
            return NvmlReturn.InvalidArgument;
        }
        *found = Snapshot.Device(ordinal);
        return NvmlReturn.Success;
    }

    private static NvmlReturn Give(nint device, int* output, int value)
    {
        DeviceSnapshot* found;
        var result = Find(device, output, &found);
        if (result == NvmlReturn.Success)
        {
            *output = value;
        }
        return result;
    }

    private static NvmlReturn Ordinal(nint device, uint* output) =>
        Give(device, (int*)output, NvmlSession.Ordinal(device));

    private static NvmlReturn Unsupported(nint device, void* output)
    {
        DeviceSnapshot* found;
        var result = Find(device, output, &found);
        return result == NvmlReturn.Success ? NvmlReturn.NotSupported : result;
    }

    /// <summary>Asked of the worker when the calling thread has a context on the device; else nothing of it is in use by us.</summary>
    private static ulong FreeBytes(nint device, DeviceSnapshot* found)
    {
        ClientThread* thread;
        if (ClientThread.Enter(&thread) != CuResult.Success || thread->Context == 0)
        {
            return found->TotalMemoryBytes;
        }
        var context = (nint)thread->Context;
        if (!Handles.IsLive(HandleKind.Context, context) || Contexts.Device(context) != NvmlSession.Ordinal(device))
        {
            return found->TotalMemoryBytes;
        }
        nuint free;
        nuint total;
        return WireCalls.MemGetInfo(thread, &free, &total) == CuResult.Success ? free : found->TotalMemoryBytes;
    }

    private static void UuidText(byte* text, DeviceSnapshot* device)
    {
        var at = Append(text, "GPU-"u8);
        for (var i = 0; i < 16; i++)
        {
            if (i is 4 or 6 or 8 or 10)
            {
                *at++ = (byte)'-';
            }
            var value = device->Uuid[i];
            *at++ = Digit(value >> 4);
            *at++ = Digit(value & 15);
        }
        *at = 0;
    }

    private static byte Digit(int value) => (byte)(value < 10 ? '0' + value : 'a' + value - 10);
}
