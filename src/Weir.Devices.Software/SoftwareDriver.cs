using Weir.Api;
using Weir.Devices.Software.Contexts;
using Weir.Devices.Software.Execution;
using Weir.Devices.Software.Memory;
using Weir.Devices.Software.Memory.Portability;
using Weir.Devices.Software.Modules;
using Weir.Devices.Software.Observing;
using Weir.Devices.Software.Statistics;
using Weir.Devices.Software.Textures;

namespace Weir.Devices.Software;

/// <summary>
/// A GPU made of software behind the driver API: every method hands its call to the part that does it. Method comments
/// are those of the interface. Dispose when no call is under way.
/// </summary>
public sealed unsafe partial class SoftwareDriver : IDriver, ISettlingDriver, IDeviceOutput, IDisposable
{
    private readonly SoftwareDevice device;
    private readonly DeviceCalls devices;
    private readonly ContextCalls contexts;
    private readonly MemoryCalls memory;
    private readonly PoolCalls pools;
    private readonly VirtualMemoryCalls virtualMemory;
    private readonly CopyCalls copies;
    private readonly FillCalls fills;
    private readonly ModuleCalls modules;
    private readonly LinkCalls links;
    private readonly FunctionCalls functions;
    private readonly StreamCalls streams;
    private readonly EventCalls events;
    private readonly LaunchCalls launches;
    private readonly ArrayCalls arrays;
    private readonly TextureCalls textures;

    /// <inheritdoc/>
    public bool HasWork => device.Scheduler.Outstanding > 0;

    /// <inheritdoc/>
    public void Settle() => device.Scheduler.Settle();

    /// <summary>Makes the device.</summary>
    /// <param name="options">How it shall be.</param>
    /// <exception cref="OutOfMemoryException">Its addresses cannot be reserved.</exception>
    /// <exception cref="ArgumentException">The window is not possible.</exception>
    public SoftwareDriver(SoftwareDeviceOptions options)
    {
        device = new SoftwareDevice(options);
        Portable = new PortableMemory(device);
        CurrentContexts current = new();
        devices = new DeviceCalls(device, current);
        contexts = new ContextCalls(device, current, devices);
        streams = new StreamCalls(device, current);
        events = new EventCalls(device, current, streams);
        memory = new MemoryCalls(device, current);
        pools = new PoolCalls(device, current, streams);
        virtualMemory = new VirtualMemoryCalls(device, current);
        copies = new CopyCalls(device, current, streams);
        fills = new FillCalls(device, streams);
        modules = new ModuleCalls(device, current);
        links = new LinkCalls(device, current);
        functions = new FunctionCalls(device, current);
        launches = new LaunchCalls(device, streams, functions);
        arrays = new ArrayCalls(device, current);
        textures = new TextureCalls(device, current);
    }

    /// <summary>The session's memory as something that leaves the device and comes back.</summary>
    public PortableMemory Portable { get; }

    /// <summary>What has been seen of kernels, where the device was asked to look.</summary>
    public DeviceObservation Observation
    {
        get
        {
            (IReadOnlyList<KernelProfile> kernels, IReadOnlyList<WorkSpan> spans) = device.Profiles?.All() ?? ([], []);
            return new DeviceObservation(device.Findings?.All() ?? [], kernels, spans);
        }
    }

    /// <summary>What the device has done so far.</summary>
    public DeviceStatistics Statistics => device.Counters.Read(device.Scheduler, device.Memory.UsedBytes);

    /// <inheritdoc/>
    public void Dispose() => device.Dispose();

    /// <inheritdoc/>
    public CuResult CtxCreate(nint* pctx, uint flags, int dev) => contexts.Create(pctx, flags, dev);

    /// <inheritdoc/>
    public CuResult CtxDestroy(nint ctx) => contexts.Destroy(ctx);

    /// <inheritdoc/>
    public CuResult DevicePrimaryCtxRetain(nint* pctx, int dev) => contexts.PrimaryRetain(pctx, dev);

    /// <inheritdoc/>
    public CuResult DevicePrimaryCtxRelease(int dev) => contexts.PrimaryRelease(dev);

    /// <inheritdoc/>
    public CuResult DevicePrimaryCtxReset(int dev) => contexts.PrimaryReset(dev);

    /// <inheritdoc/>
    public CuResult DevicePrimaryCtxSetFlags(int dev, uint flags) => contexts.PrimarySetFlags(dev, flags);

    /// <inheritdoc/>
    public CuResult DevicePrimaryCtxGetState(int dev, uint* flags, int* active) =>
        contexts.PrimaryGetState(dev, flags, active);

    /// <inheritdoc/>
    public CuResult CtxPushCurrent(nint ctx) => contexts.Push(ctx);

    /// <inheritdoc/>
    public CuResult CtxPopCurrent(nint* pctx) => contexts.Pop(pctx);

    /// <inheritdoc/>
    public CuResult CtxSetCurrent(nint ctx) => contexts.SetCurrent(ctx);

    /// <inheritdoc/>
    public CuResult CtxGetCurrent(nint* pctx) => contexts.GetCurrent(pctx);

    /// <inheritdoc/>
    public CuResult CtxGetDevice(int* device) => contexts.GetDevice(device);

    /// <inheritdoc/>
    public CuResult CtxGetFlags(uint* flags) => contexts.GetFlags(flags);

    /// <inheritdoc/>
    public CuResult CtxGetApiVersion(nint ctx, uint* version) => contexts.GetApiVersion(ctx, version);

    /// <inheritdoc/>
    public CuResult CtxGetStreamPriorityRange(int* leastPriority, int* greatestPriority) =>
        contexts.GetPriorityRange(leastPriority, greatestPriority);

    /// <inheritdoc/>
    public CuResult CtxSynchronize() => contexts.Synchronize();

    /// <inheritdoc/>
    public CuResult CtxGetLimit(nuint* pvalue, CUlimit limit) => contexts.GetLimit(pvalue, limit);

    /// <inheritdoc/>
    public CuResult CtxSetLimit(CUlimit limit, nuint value) => contexts.SetLimit(limit, value);

    /// <inheritdoc/>
    public CuResult CtxGetCacheConfig(CUfunc_cache* pconfig) => contexts.GetPreference((int*)pconfig, 0);

    /// <inheritdoc/>
    public CuResult CtxSetCacheConfig(CUfunc_cache config) => contexts.SetPreference((int)config, 3);

    /// <inheritdoc/>
    public CuResult CtxGetSharedMemConfig(CUsharedconfig* pConfig) => contexts.GetPreference((int*)pConfig, 1);

    /// <inheritdoc/>
    public CuResult CtxSetSharedMemConfig(CUsharedconfig config) => contexts.SetPreference((int)config, 2);

    /// <inheritdoc/>
    public CuResult Init(uint Flags) => devices.Init(Flags);

    /// <inheritdoc/>
    public CuResult DriverGetVersion(int* driverVersion) => DeviceCalls.GetVersion(driverVersion);

    /// <inheritdoc/>
    public CuResult DeviceGet(int* device, int ordinal) => devices.Get(device, ordinal);

    /// <inheritdoc/>
    public CuResult DeviceGetCount(int* count) => devices.GetCount(count);

    /// <inheritdoc/>
    public CuResult DeviceGetName(byte* name, int len, int dev) => devices.GetName(name, len, dev);

    /// <inheritdoc/>
    public CuResult DeviceGetUuid(CUuuid* uuid, int dev) => devices.GetUuid(uuid, dev);

    /// <inheritdoc/>
    public CuResult DeviceTotalMem(nuint* bytes, int dev) => devices.TotalMemory(bytes, dev);

    /// <inheritdoc/>
    public CuResult DeviceGetAttribute(int* pi, CUdevice_attribute attrib, int dev) =>
        devices.GetAttribute(pi, attrib, dev);

    /// <inheritdoc/>
    public CuResult DeviceComputeCapability(int* major, int* minor, int dev) =>
        devices.ComputeCapability(major, minor, dev);

    /// <inheritdoc/>
    public CuResult DeviceGetPCIBusId(byte* pciBusId, int len, int dev) => devices.GetPciBusId(pciBusId, len, dev);

    /// <inheritdoc/>
    public CuResult DeviceCanAccessPeer(int* canAccessPeer, int dev, int peerDev) =>
        devices.CanAccessPeer(canAccessPeer, dev, peerDev);

    /// <inheritdoc/>
    public CuResult DeviceGetP2PAttribute(int* value, CUdevice_P2PAttribute attrib, int srcDevice, int dstDevice) =>
        devices.PeerAttribute(srcDevice, dstDevice);

    /// <inheritdoc/>
    public CuResult EventCreate(nint* phEvent, uint Flags) => events.Create(phEvent, Flags);

    /// <inheritdoc/>
    public CuResult EventDestroy(nint hEvent) => events.Destroy(hEvent);

    /// <inheritdoc/>
    public CuResult EventRecord(nint hEvent, nint hStream) => events.Record(hEvent, hStream, 0);

    /// <inheritdoc/>
    public CuResult EventRecordWithFlags(nint hEvent, nint hStream, uint flags) =>
        events.Record(hEvent, hStream, flags);

    /// <inheritdoc/>
    public CuResult EventQuery(nint hEvent) => events.Query(hEvent);

    /// <inheritdoc/>
    public CuResult EventSynchronize(nint hEvent) => events.Synchronize(hEvent);

    /// <inheritdoc/>
    public CuResult EventElapsedTime(float* pMilliseconds, nint hStart, nint hEnd) =>
        events.ElapsedTime(pMilliseconds, hStart, hEnd);

    /// <inheritdoc/>
    public CuResult LaunchKernel(
        nint f,
        uint gridDimX,
        uint gridDimY,
        uint gridDimZ,
        uint blockDimX,
        uint blockDimY,
        uint blockDimZ,
        uint sharedMemBytes,
        nint hStream,
        void** kernelParams,
        void** extra
    ) =>
        launches.Launch(
            f,
            new LaunchShape(gridDimX, gridDimY, gridDimZ, blockDimX, blockDimY, blockDimZ, sharedMemBytes),
            hStream,
            kernelParams,
            extra
        );

    /// <inheritdoc/>
    public CuResult LaunchKernelEx(CUlaunchConfig* config, nint f, void** kernelParams, void** extra) =>
        launches.Launch(config, f, kernelParams, extra);

    /// <inheritdoc/>
    public CuResult LaunchCooperativeKernel(
        nint f,
        uint gridDimX,
        uint gridDimY,
        uint gridDimZ,
        uint blockDimX,
        uint blockDimY,
        uint blockDimZ,
        uint sharedMemBytes,
        nint hStream,
        void** kernelParams
    ) => CuResult.NotSupported;

    /// <inheritdoc/>
    public CuResult LaunchHostFunc(nint hStream, nint fn, void* userData) =>
        streams.LaunchHostFunction(hStream, fn, userData);

    /// <inheritdoc/>
    public CuResult OccupancyMaxActiveBlocksPerMultiprocessor(
        int* numBlocks,
        nint func,
        int blockSize,
        nuint dynamicSMemSize
    ) => functions.MaxActiveBlocks(numBlocks, func, blockSize, dynamicSMemSize, 0);

    /// <inheritdoc/>
    public CuResult OccupancyMaxActiveBlocksPerMultiprocessorWithFlags(
        int* numBlocks,
        nint func,
        int blockSize,
        nuint dynamicSMemSize,
        uint flags
    ) => functions.MaxActiveBlocks(numBlocks, func, blockSize, dynamicSMemSize, flags);

    /// <inheritdoc/>
    public CuResult OccupancyAvailableDynamicSMemPerBlock(
        nuint* dynamicSmemSize,
        nint func,
        int numBlocks,
        int blockSize
    ) => functions.AvailableDynamicShared(dynamicSmemSize, func, numBlocks, blockSize);

    /// <inheritdoc/>
    public CuResult MemAlloc(ulong* dptr, nuint bytesize) => memory.Allocate(dptr, bytesize);

    /// <inheritdoc/>
    public CuResult MemAllocPitch(
        ulong* dptr,
        nuint* pPitch,
        nuint WidthInBytes,
        nuint Height,
        uint ElementSizeBytes
    ) => memory.AllocatePitch(dptr, pPitch, WidthInBytes, Height, ElementSizeBytes);

    /// <inheritdoc/>
    public CuResult MemAllocManaged(ulong* dptr, nuint bytesize, uint flags) => CuResult.NotSupported;

    /// <inheritdoc/>
    public CuResult MemFree(ulong dptr) => memory.Free(dptr);

    /// <inheritdoc/>
    public CuResult MemGetInfo(nuint* free, nuint* total) => memory.GetInfo(free, total);

    /// <inheritdoc/>
    public CuResult MemGetAddressRange(ulong* pbase, nuint* psize, ulong dptr) =>
        memory.GetAddressRange(pbase, psize, dptr);

    /// <inheritdoc/>
    public CuResult MemAllocHost(void** pp, nuint bytesize) => memory.AllocateHost(pp, bytesize, 0);

    /// <inheritdoc/>
    public CuResult MemHostAlloc(void** pp, nuint bytesize, uint Flags) => memory.AllocateHost(pp, bytesize, Flags);

    /// <inheritdoc/>
    public CuResult MemFreeHost(void* p) => memory.FreeHost(p);

    /// <inheritdoc/>
    public CuResult MemHostGetDevicePointer(ulong* pdptr, void* p, uint Flags) =>
        memory.HostDevicePointer(pdptr, p, Flags);

    /// <inheritdoc/>
    public CuResult MemHostGetFlags(uint* pFlags, void* p) => memory.HostFlagsOf(pFlags, p);

    /// <inheritdoc/>
    public CuResult MemHostRegister(void* p, nuint bytesize, uint Flags) => CuResult.NotSupported;

    /// <inheritdoc/>
    public CuResult MemHostUnregister(void* p) => CuResult.NotSupported;

    /// <inheritdoc/>
    public CuResult PointerGetAttribute(void* data, CUpointer_attribute attribute, ulong ptr) =>
        memory.GetAttribute(data, attribute, ptr);

    /// <inheritdoc/>
    public CuResult PointerGetAttributes(uint numAttributes, CUpointer_attribute* attributes, void** data, ulong ptr) =>
        memory.GetAttributes(numAttributes, attributes, data, ptr);

    /// <inheritdoc/>
    public CuResult Memcpy(ulong dst, ulong src, nuint ByteCount) => copies.Copy(dst, src, ByteCount, null);

    /// <inheritdoc/>
    public CuResult MemcpyAsync(ulong dst, ulong src, nuint ByteCount, nint hStream) =>
        copies.Copy(dst, src, ByteCount, hStream);

    /// <inheritdoc/>
    public CuResult MemcpyHtoD(ulong dstDevice, void* srcHost, nuint ByteCount) =>
        copies.Copy(CUmemorytype.Device, dstDevice, CUmemorytype.Host, (ulong)srcHost, ByteCount, null);

    /// <inheritdoc/>
    public CuResult MemcpyHtoDAsync(ulong dstDevice, void* srcHost, nuint ByteCount, nint hStream) =>
        copies.Copy(CUmemorytype.Device, dstDevice, CUmemorytype.Host, (ulong)srcHost, ByteCount, hStream);

    /// <inheritdoc/>
    public CuResult MemcpyDtoH(void* dstHost, ulong srcDevice, nuint ByteCount) =>
        copies.Copy(CUmemorytype.Host, (ulong)dstHost, CUmemorytype.Device, srcDevice, ByteCount, null);

    /// <inheritdoc/>
    public CuResult MemcpyDtoHAsync(void* dstHost, ulong srcDevice, nuint ByteCount, nint hStream) =>
        copies.Copy(CUmemorytype.Host, (ulong)dstHost, CUmemorytype.Device, srcDevice, ByteCount, hStream);

    /// <inheritdoc/>
    public CuResult MemcpyDtoD(ulong dstDevice, ulong srcDevice, nuint ByteCount) =>
        copies.Copy(CUmemorytype.Device, dstDevice, CUmemorytype.Device, srcDevice, ByteCount, null);

    /// <inheritdoc/>
    public CuResult MemcpyDtoDAsync(ulong dstDevice, ulong srcDevice, nuint ByteCount, nint hStream) =>
        copies.Copy(CUmemorytype.Device, dstDevice, CUmemorytype.Device, srcDevice, ByteCount, hStream);

    /// <inheritdoc/>
    public CuResult Memcpy2D(CUDA_MEMCPY2D* pCopy) => copies.Copy2D(pCopy, null);

    /// <inheritdoc/>
    public CuResult Memcpy2DUnaligned(CUDA_MEMCPY2D* pCopy) => copies.Copy2D(pCopy, null);

    /// <inheritdoc/>
    public CuResult Memcpy2DAsync(CUDA_MEMCPY2D* pCopy, nint hStream) => copies.Copy2D(pCopy, hStream);

    /// <inheritdoc/>
    public CuResult Memcpy3D(CUDA_MEMCPY3D* pCopy) => copies.Copy3D(pCopy, null);

    /// <inheritdoc/>
    public CuResult Memcpy3DAsync(CUDA_MEMCPY3D* pCopy, nint hStream) => copies.Copy3D(pCopy, hStream);

    /// <inheritdoc/>
    public CuResult MemsetD8(ulong dstDevice, byte uc, nuint N) => fills.Fill(dstDevice, 0, uc, 1, N, 1, null);

    /// <inheritdoc/>
    public CuResult MemsetD16(ulong dstDevice, ushort us, nuint N) => fills.Fill(dstDevice, 0, us, 2, N, 1, null);

    /// <inheritdoc/>
    public CuResult MemsetD32(ulong dstDevice, uint ui, nuint N) => fills.Fill(dstDevice, 0, ui, 4, N, 1, null);

    /// <inheritdoc/>
    public CuResult MemsetD2D8(ulong dstDevice, nuint dstPitch, byte uc, nuint Width, nuint Height) =>
        fills.Fill(dstDevice, dstPitch, uc, 1, Width, Height, null);

    /// <inheritdoc/>
    public CuResult MemsetD2D16(ulong dstDevice, nuint dstPitch, ushort us, nuint Width, nuint Height) =>
        fills.Fill(dstDevice, dstPitch, us, 2, Width, Height, null);

    /// <inheritdoc/>
    public CuResult MemsetD2D32(ulong dstDevice, nuint dstPitch, uint ui, nuint Width, nuint Height) =>
        fills.Fill(dstDevice, dstPitch, ui, 4, Width, Height, null);

    /// <inheritdoc/>
    public CuResult MemsetD8Async(ulong dstDevice, byte uc, nuint N, nint hStream) =>
        fills.Fill(dstDevice, 0, uc, 1, N, 1, hStream);

    /// <inheritdoc/>
    public CuResult MemsetD16Async(ulong dstDevice, ushort us, nuint N, nint hStream) =>
        fills.Fill(dstDevice, 0, us, 2, N, 1, hStream);

    /// <inheritdoc/>
    public CuResult MemsetD32Async(ulong dstDevice, uint ui, nuint N, nint hStream) =>
        fills.Fill(dstDevice, 0, ui, 4, N, 1, hStream);

    /// <inheritdoc/>
    public CuResult MemsetD2D8Async(
        ulong dstDevice,
        nuint dstPitch,
        byte uc,
        nuint Width,
        nuint Height,
        nint hStream
    ) => fills.Fill(dstDevice, dstPitch, uc, 1, Width, Height, hStream);

    /// <inheritdoc/>
    public CuResult MemsetD2D16Async(
        ulong dstDevice,
        nuint dstPitch,
        ushort us,
        nuint Width,
        nuint Height,
        nint hStream
    ) => fills.Fill(dstDevice, dstPitch, us, 2, Width, Height, hStream);

    /// <inheritdoc/>
    public CuResult MemsetD2D32Async(
        ulong dstDevice,
        nuint dstPitch,
        uint ui,
        nuint Width,
        nuint Height,
        nint hStream
    ) => fills.Fill(dstDevice, dstPitch, ui, 4, Width, Height, hStream);

    /// <inheritdoc/>
    public CuResult ModuleLoad(nint* module, byte* fname) => modules.LoadFile(module, fname);

    /// <inheritdoc/>
    public CuResult ModuleLoadData(nint* module, void* image) => modules.Load(module, image, default);

    /// <inheritdoc/>
    public CuResult ModuleLoadDataEx(
        nint* module,
        void* image,
        uint numOptions,
        CUjit_option* options,
        void** optionValues
    ) => modules.Load(module, image, new JitLog(numOptions, options, optionValues));

    /// <inheritdoc/>
    public CuResult ModuleLoadFatBinary(nint* module, void* fatCubin) => modules.Load(module, fatCubin, default);

    /// <inheritdoc/>
    public CuResult ModuleUnload(nint hmod) => modules.Unload(hmod);

    /// <inheritdoc/>
    public CuResult ModuleGetFunction(nint* hfunc, nint hmod, byte* name) => modules.GetFunction(hfunc, hmod, name);

    /// <inheritdoc/>
    public CuResult ModuleGetFunctionCount(uint* count, nint mod) => modules.CountFunctions(count, mod);

    /// <inheritdoc/>
    public CuResult ModuleEnumerateFunctions(nint* functions, uint numFunctions, nint mod) =>
        modules.EnumerateFunctions(functions, numFunctions, mod);

    /// <inheritdoc/>
    public CuResult ModuleGetGlobal(ulong* dptr, nuint* bytes, nint hmod, byte* name) =>
        modules.GetGlobal(dptr, bytes, hmod, name);

    /// <inheritdoc/>
    public CuResult LinkCreate(uint numOptions, CUjit_option* options, void** optionValues, nint* stateOut) =>
        links.Create(stateOut);

    /// <inheritdoc/>
    public CuResult LinkAddData(
        nint state,
        CUjitInputType type,
        void* data,
        nuint size,
        byte* name,
        uint numOptions,
        CUjit_option* options,
        void** optionValues
    ) => links.Add(state, type, data, size);

    /// <inheritdoc/>
    public CuResult LinkAddFile(
        nint state,
        CUjitInputType type,
        byte* path,
        uint numOptions,
        CUjit_option* options,
        void** optionValues
    ) => links.AddFile(state, type, path);

    /// <inheritdoc/>
    public CuResult LinkComplete(nint state, void** cubinOut, nuint* sizeOut) =>
        links.Complete(state, cubinOut, sizeOut);

    /// <inheritdoc/>
    public CuResult LinkDestroy(nint state) => links.Destroy(state);

    /// <inheritdoc/>
    public CuResult FuncGetAttribute(int* pi, CUfunction_attribute attrib, nint hfunc) =>
        functions.GetAttribute(pi, attrib, hfunc);

    /// <inheritdoc/>
    public CuResult FuncSetAttribute(nint hfunc, CUfunction_attribute attrib, int value) =>
        functions.SetAttribute(hfunc, attrib, value);

    /// <inheritdoc/>
    public CuResult FuncSetCacheConfig(nint hfunc, CUfunc_cache config) =>
        functions.SetPreference(hfunc, (int)config, 3);

    /// <inheritdoc/>
    public CuResult FuncSetSharedMemConfig(nint hfunc, CUsharedconfig config) =>
        functions.SetPreference(hfunc, (int)config, 2);

    /// <inheritdoc/>
    public CuResult FuncGetParamInfo(nint func, nuint paramIndex, nuint* paramOffset, nuint* paramSize) =>
        functions.GetParameterInfo(func, paramIndex, paramOffset, paramSize);

    /// <inheritdoc/>
    public CuResult FuncGetName(byte** name, nint hfunc) => functions.GetName(name, hfunc);

    /// <inheritdoc/>
    public CuResult FuncGetModule(nint* hmod, nint hfunc) => functions.GetModule(hmod, hfunc);

    /// <inheritdoc/>
    public CuResult StreamCreate(nint* phStream, uint Flags) => streams.Create(phStream, Flags, 0);

    /// <inheritdoc/>
    public CuResult StreamCreateWithPriority(nint* phStream, uint flags, int priority) =>
        streams.Create(phStream, flags, priority);

    /// <inheritdoc/>
    public CuResult StreamDestroy(nint hStream) => streams.Destroy(hStream);

    /// <inheritdoc/>
    public CuResult StreamQuery(nint hStream) => streams.Query(hStream);

    /// <inheritdoc/>
    public CuResult StreamSynchronize(nint hStream) => streams.Synchronize(hStream);

    /// <inheritdoc/>
    public CuResult StreamWaitEvent(nint hStream, nint hEvent, uint Flags) => streams.WaitEvent(hStream, hEvent, Flags);

    /// <inheritdoc/>
    public CuResult StreamGetFlags(nint hStream, uint* flags) => streams.GetFlags(hStream, flags);

    /// <inheritdoc/>
    public CuResult StreamGetPriority(nint hStream, int* priority) => streams.GetPriority(hStream, priority);

    /// <inheritdoc/>
    public CuResult StreamGetCtx(nint hStream, nint* pctx) => streams.GetContext(hStream, pctx);

    /// <inheritdoc/>
    public CuResult StreamAddCallback(nint hStream, nint callback, void* userData, uint flags) =>
        streams.AddCallback(hStream, callback, userData, flags);

    /// <inheritdoc/>
    public CuResult ArrayCreate(nint* pHandle, CUDA_ARRAY_DESCRIPTOR* pAllocateArray) =>
        arrays.Create(pHandle, pAllocateArray);

    /// <inheritdoc/>
    public CuResult Array3DCreate(nint* pHandle, CUDA_ARRAY3D_DESCRIPTOR* pAllocateArray) =>
        arrays.Create(pHandle, pAllocateArray);

    /// <inheritdoc/>
    public CuResult ArrayDestroy(nint hArray) => arrays.Destroy(hArray);

    /// <inheritdoc/>
    public CuResult ArrayGetDescriptor(CUDA_ARRAY_DESCRIPTOR* pArrayDescriptor, nint hArray) =>
        arrays.GetDescriptor(pArrayDescriptor, hArray);

    /// <inheritdoc/>
    public CuResult Array3DGetDescriptor(CUDA_ARRAY3D_DESCRIPTOR* pArrayDescriptor, nint hArray) =>
        arrays.GetDescriptor(pArrayDescriptor, hArray);

    /// <inheritdoc/>
    public CuResult TexObjectCreate(
        ulong* pTexObject,
        CUDA_RESOURCE_DESC* pResDesc,
        CUDA_TEXTURE_DESC* pTexDesc,
        CUDA_RESOURCE_VIEW_DESC* pResViewDesc
    ) => textures.Create(pTexObject, pResDesc, pTexDesc, pResViewDesc);

    /// <inheritdoc/>
    public CuResult TexObjectDestroy(ulong texObject) => textures.Destroy(texObject);

    /// <inheritdoc/>
    public CuResult TexObjectGetTextureDesc(CUDA_TEXTURE_DESC* pTexDesc, ulong texObject) =>
        textures.GetTextureDescriptor(pTexDesc, texObject);
}
