using Weir.Api;

namespace Weir.Devices.Software;

/// <content>Memory in stream order, and memory that programs map themselves.</content>
public sealed unsafe partial class SoftwareDriver
{
    /// <inheritdoc/>
    public CuResult MemAllocAsync(ulong* dptr, nuint bytesize, nint hStream) => pools.Allocate(dptr, bytesize, hStream);

    /// <inheritdoc/>
    public CuResult MemFreeAsync(ulong dptr, nint hStream) => pools.Free(dptr, hStream);

    /// <inheritdoc/>
    public CuResult MemAllocFromPoolAsync(ulong* dptr, nuint bytesize, nint pool, nint hStream) =>
        pools.AllocateFrom(dptr, bytesize, pool, hStream);

    /// <inheritdoc/>
    public CuResult MemPoolCreate(nint* pool, CUmemPoolProps* poolProps) => pools.Create(pool, poolProps);

    /// <inheritdoc/>
    public CuResult MemPoolDestroy(nint pool) => pools.Destroy(pool);

    /// <inheritdoc/>
    public CuResult MemPoolTrimTo(nint pool, nuint minBytesToKeep) => pools.Trim(pool);

    /// <inheritdoc/>
    public CuResult MemPoolSetAttribute(nint pool, CUmemPool_attribute attr, void* value) =>
        pools.SetAttribute(pool, attr, value);

    /// <inheritdoc/>
    public CuResult MemPoolGetAttribute(nint pool, CUmemPool_attribute attr, void* value) =>
        pools.GetAttribute(pool, attr, value);

    /// <inheritdoc/>
    public CuResult MemPoolSetAccess(nint pool, CUmemAccessDesc* map, nuint count) => pools.SetAccess(pool, map, count);

    /// <inheritdoc/>
    public CuResult MemPoolGetAccess(int* flags, nint memPool, CUmemLocation* location) =>
        pools.GetAccess(flags, memPool, location);

    /// <inheritdoc/>
    public CuResult DeviceGetDefaultMemPool(nint* pool_out, int dev) => pools.GetDefault(pool_out, dev);

    /// <inheritdoc/>
    public CuResult DeviceSetMemPool(int dev, nint pool) => pools.SetCurrent(dev, pool);

    /// <inheritdoc/>
    public CuResult MemAddressReserve(ulong* ptr, nuint size, nuint alignment, ulong addr, ulong flags) =>
        virtualMemory.Reserve(ptr, size, alignment, flags);

    /// <inheritdoc/>
    public CuResult MemAddressFree(ulong ptr, nuint size) => virtualMemory.Release(ptr, size);

    /// <inheritdoc/>
    public CuResult MemCreate(nint* handle, nuint size, CUmemAllocationProp* prop, ulong flags) =>
        virtualMemory.Create(handle, size, prop, flags);

    /// <inheritdoc/>
    public CuResult MemRelease(nint handle) => virtualMemory.ReleaseHandle(handle);

    /// <inheritdoc/>
    public CuResult MemMap(ulong ptr, nuint size, nuint offset, nint handle, ulong flags) =>
        virtualMemory.Map(ptr, size, offset, handle, flags);

    /// <inheritdoc/>
    public CuResult MemUnmap(ulong ptr, nuint size) => virtualMemory.Unmap(ptr, size);

    /// <inheritdoc/>
    public CuResult MemSetAccess(ulong ptr, nuint size, CUmemAccessDesc* desc, nuint count) =>
        virtualMemory.SetAccess(ptr, size, desc, count);

    /// <inheritdoc/>
    public CuResult MemGetAccess(ulong* flags, CUmemLocation* location, ulong ptr) =>
        virtualMemory.GetAccess(flags, location, ptr);

    /// <inheritdoc/>
    public CuResult MemGetAllocationGranularity(nuint* granularity, CUmemAllocationProp* prop, int option) =>
        virtualMemory.GetGranularity(granularity, prop, option);

    /// <inheritdoc/>
    public CuResult MemGetAllocationPropertiesFromHandle(CUmemAllocationProp* prop, nint handle) =>
        virtualMemory.GetProperties(prop, handle);

    /// <inheritdoc/>
    public CuResult MemRetainAllocationHandle(nint* handle, ulong addr) => virtualMemory.Retain(handle, addr);
}
