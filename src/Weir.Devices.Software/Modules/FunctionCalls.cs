using Weir.Api;
using Weir.Devices.Software.Contexts;
using Weir.Kernels.Ptx;

namespace Weir.Devices.Software.Modules;

/// <summary>Calls that describe kernels.</summary>
internal sealed unsafe class FunctionCalls(SoftwareDevice device, CurrentContexts contexts)
{
    // Until it is compiled nobody knows; a number that programs plan well with.
    private const int PresumedRegisters = 32;
    private const int ReservedSharedBytes = 1024;
    private const int SharedGranule = 128;

    public CuResult GetAttribute(int* value, CUfunction_attribute attribute, nint handle)
    {
        CuResult result = Find(handle, out DeviceKernel kernel);
        if (result != CuResult.Success || value is null)
        {
            return result != CuResult.Success ? result : CuResult.InvalidValue;
        }
        int? found = attribute switch
        {
            CUfunction_attribute.MaxThreadsPerBlock => kernel.MaxThreads,
            CUfunction_attribute.SharedSizeBytes => kernel.SharedBytes,
            CUfunction_attribute.ConstSizeBytes => 0,
            CUfunction_attribute.LocalSizeBytes => kernel.LocalBytes,
            CUfunction_attribute.NumRegs => kernel.Loaded?.Info.Registers ?? PresumedRegisters,
            CUfunction_attribute.PtxVersion => kernel.Module.Ptx.TargetSm,
            CUfunction_attribute.BinaryVersion => device.Options.ComputeCapability.Major * 10
                + device.Options.ComputeCapability.Minor,
            CUfunction_attribute.MaxDynamicSharedSizeBytes => kernel.MaxDynamicSharedBytes,
            CUfunction_attribute.PreferredSharedMemoryCarveout => kernel.PreferredCarveout,
            CUfunction_attribute.CacheModeCa
            or >= CUfunction_attribute.ClusterSizeMustBeSet
            and <= CUfunction_attribute.ClusterSchedulingPolicyPreference => 0,
            _ => null,
        };
        if (found is null)
        {
            return CuResult.InvalidValue;
        }
        *value = found.Value;
        return CuResult.Success;
    }

    public CuResult SetAttribute(nint handle, CUfunction_attribute attribute, int value)
    {
        CuResult result = Find(handle, out DeviceKernel kernel);
        if (result != CuResult.Success)
        {
            return result;
        }
        switch (attribute)
        {
            case CUfunction_attribute.MaxDynamicSharedSizeBytes:
                if (value < 0 || value > DeviceAttributes.SharedBytesPerBlockOptIn - kernel.SharedBytes)
                {
                    return CuResult.InvalidValue;
                }
                kernel.MaxDynamicSharedBytes = value;
                return CuResult.Success;
            case CUfunction_attribute.PreferredSharedMemoryCarveout:
                if (value is < -1 or > 100)
                {
                    return CuResult.InvalidValue;
                }
                kernel.PreferredCarveout = value;
                return CuResult.Success;
            default:
                return CuResult.InvalidValue;
        }
    }

    public CuResult SetPreference(nint handle, int preference, int most)
    {
        CuResult result = Find(handle, out _);
        return result != CuResult.Success ? result
            : (uint)preference > (uint)most ? CuResult.InvalidValue
            : CuResult.Success;
    }

    public CuResult GetParameterInfo(nint handle, nuint index, nuint* offset, nuint* size)
    {
        CuResult result = Find(handle, out DeviceKernel kernel);
        if (result != CuResult.Success || offset is null || index >= (nuint)kernel.Entry.Parameters.Count)
        {
            return result != CuResult.Success ? result : CuResult.InvalidValue;
        }
        PtxParameter parameter = kernel.Entry.Parameters[(int)index];
        *offset = (nuint)parameter.OffsetBytes;
        if (size is not null)
        {
            *size = (nuint)parameter.SizeBytes;
        }
        return CuResult.Success;
    }

    public CuResult GetName(byte** name, nint handle)
    {
        CuResult result = Find(handle, out DeviceKernel kernel);
        if (result != CuResult.Success || name is null)
        {
            return result != CuResult.Success ? result : CuResult.InvalidValue;
        }
        *name = kernel.Name;
        return CuResult.Success;
    }

    public CuResult GetModule(nint* module, nint handle)
    {
        CuResult result = Find(handle, out DeviceKernel kernel);
        if (result != CuResult.Success || module is null)
        {
            return result != CuResult.Success ? result : CuResult.InvalidValue;
        }
        *module = kernel.Module.Handle;
        return CuResult.Success;
    }

    public CuResult MaxActiveBlocks(int* blocks, nint handle, int blockSize, nuint dynamicSharedBytes, uint flags)
    {
        CuResult result = Find(handle, out DeviceKernel kernel);
        if (result != CuResult.Success || blocks is null || blockSize <= 0 || flags > 1)
        {
            return result != CuResult.Success ? result : CuResult.InvalidValue;
        }
        *blocks = 0;
        if (blockSize <= kernel.MaxThreads && dynamicSharedBytes <= (nuint)kernel.MaxDynamicSharedBytes)
        {
            int shared = kernel.SharedBytes + (int)dynamicSharedBytes + ReservedSharedBytes;
            shared = (shared + SharedGranule - 1) / SharedGranule * SharedGranule;
            int warpThreads = (blockSize + 31) / 32 * 32;
            *blocks = Math.Min(
                Math.Min(DeviceAttributes.MaxBlocksPerCore, DeviceAttributes.MaxThreadsPerCore / warpThreads),
                DeviceAttributes.SharedBytesPerCore / shared
            );
        }
        return CuResult.Success;
    }

    public CuResult AvailableDynamicShared(nuint* bytes, nint handle, int blocks, int blockSize)
    {
        CuResult result = Find(handle, out DeviceKernel kernel);
        if (result != CuResult.Success || bytes is null || blocks <= 0 || blockSize <= 0)
        {
            return result != CuResult.Success ? result : CuResult.InvalidValue;
        }
        int each = DeviceAttributes.SharedBytesPerCore / blocks / SharedGranule * SharedGranule;
        *bytes = (nuint)Math.Clamp(each - ReservedSharedBytes - kernel.SharedBytes, 0, kernel.MaxDynamicSharedBytes);
        return CuResult.Success;
    }

    /// <summary>The kernel of a handle.</summary>
    public CuResult Find(nint handle, out DeviceKernel kernel)
    {
        kernel = device.Kernels.Find(handle)!;
        return kernel is not null ? (CuResult)kernel.Module.Context.Fault
            : contexts.IsInitialized ? CuResult.InvalidHandle
            : CuResult.NotInitialized;
    }
}
