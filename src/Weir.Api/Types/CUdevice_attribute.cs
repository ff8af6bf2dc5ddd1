namespace Weir.Api;

/// <summary>Device attributes (<c>CUdevice_attribute</c>); numbers as in cuda.h.</summary>
public enum CUdevice_attribute
{
    /// <summary>Max threads per block.</summary>
    MaxThreadsPerBlock = 1,

    /// <summary>Max block dim x.</summary>
    MaxBlockDimX = 2,

    /// <summary>Max block dim y.</summary>
    MaxBlockDimY = 3,

    /// <summary>Max block dim z.</summary>
    MaxBlockDimZ = 4,

    /// <summary>Max grid dim x.</summary>
    MaxGridDimX = 5,

    /// <summary>Max grid dim y.</summary>
    MaxGridDimY = 6,

    /// <summary>Max grid dim z.</summary>
    MaxGridDimZ = 7,

    /// <summary>Max shared memory per block.</summary>
    MaxSharedMemoryPerBlock = 8,

    /// <summary>Total constant memory.</summary>
    TotalConstantMemory = 9,

    /// <summary>Warp size.</summary>
    WarpSize = 10,

    /// <summary>Max pitch.</summary>
    MaxPitch = 11,

    /// <summary>Max registers per block.</summary>
    MaxRegistersPerBlock = 12,

    /// <summary>Clock rate.</summary>
    ClockRate = 13,

    /// <summary>Texture alignment.</summary>
    TextureAlignment = 14,

    /// <summary>Gpu overlap.</summary>
    GpuOverlap = 15,

    /// <summary>Multiprocessor count.</summary>
    MultiprocessorCount = 16,

    /// <summary>Kernel exec timeout.</summary>
    KernelExecTimeout = 17,

    /// <summary>Integrated.</summary>
    Integrated = 18,

    /// <summary>Can map host memory.</summary>
    CanMapHostMemory = 19,

    /// <summary>Compute mode.</summary>
    ComputeMode = 20,

    /// <summary>Maximum texture1 dwidth.</summary>
    MaximumTexture1DWidth = 21,

    /// <summary>Maximum texture2 dwidth.</summary>
    MaximumTexture2DWidth = 22,

    /// <summary>Maximum texture2 dheight.</summary>
    MaximumTexture2DHeight = 23,

    /// <summary>Maximum texture3 dwidth.</summary>
    MaximumTexture3DWidth = 24,

    /// <summary>Maximum texture3 dheight.</summary>
    MaximumTexture3DHeight = 25,

    /// <summary>Maximum texture3 ddepth.</summary>
    MaximumTexture3DDepth = 26,

    /// <summary>Maximum texture2 dlayered width.</summary>
    MaximumTexture2DLayeredWidth = 27,

    /// <summary>Maximum texture2 dlayered height.</summary>
    MaximumTexture2DLayeredHeight = 28,

    /// <summary>Maximum texture2 dlayered layers.</summary>
    MaximumTexture2DLayeredLayers = 29,

    /// <summary>Surface alignment.</summary>
    SurfaceAlignment = 30,

    /// <summary>Concurrent kernels.</summary>
    ConcurrentKernels = 31,

    /// <summary>Ecc enabled.</summary>
    EccEnabled = 32,

    /// <summary>Pci bus id.</summary>
    PciBusId = 33,

    /// <summary>Pci device id.</summary>
    PciDeviceId = 34,

    /// <summary>Tcc driver.</summary>
    TccDriver = 35,

    /// <summary>Memory clock rate.</summary>
    MemoryClockRate = 36,

    /// <summary>Global memory bus width.</summary>
    GlobalMemoryBusWidth = 37,

    /// <summary>L2 cache size.</summary>
    L2CacheSize = 38,

    /// <summary>Max threads per multiprocessor.</summary>
    MaxThreadsPerMultiprocessor = 39,

    /// <summary>Async engine count.</summary>
    AsyncEngineCount = 40,

    /// <summary>Unified addressing.</summary>
    UnifiedAddressing = 41,

    /// <summary>Maximum texture1 dlayered width.</summary>
    MaximumTexture1DLayeredWidth = 42,

    /// <summary>Maximum texture1 dlayered layers.</summary>
    MaximumTexture1DLayeredLayers = 43,

    /// <summary>Can tex2 dgather.</summary>
    CanTex2DGather = 44,

    /// <summary>Maximum texture2 dgather width.</summary>
    MaximumTexture2DGatherWidth = 45,

    /// <summary>Maximum texture2 dgather height.</summary>
    MaximumTexture2DGatherHeight = 46,

    /// <summary>Maximum texture3 dwidth alternate.</summary>
    MaximumTexture3DWidthAlternate = 47,

    /// <summary>Maximum texture3 dheight alternate.</summary>
    MaximumTexture3DHeightAlternate = 48,

    /// <summary>Maximum texture3 ddepth alternate.</summary>
    MaximumTexture3DDepthAlternate = 49,

    /// <summary>Pci domain id.</summary>
    PciDomainId = 50,

    /// <summary>Texture pitch alignment.</summary>
    TexturePitchAlignment = 51,

    /// <summary>Maximum texture cubemap width.</summary>
    MaximumTextureCubemapWidth = 52,

    /// <summary>Maximum texture cubemap layered width.</summary>
    MaximumTextureCubemapLayeredWidth = 53,

    /// <summary>Maximum texture cubemap layered layers.</summary>
    MaximumTextureCubemapLayeredLayers = 54,

    /// <summary>Maximum surface1 dwidth.</summary>
    MaximumSurface1DWidth = 55,

    /// <summary>Maximum surface2 dwidth.</summary>
    MaximumSurface2DWidth = 56,

    /// <summary>Maximum surface2 dheight.</summary>
    MaximumSurface2DHeight = 57,

    /// <summary>Maximum surface3 dwidth.</summary>
    MaximumSurface3DWidth = 58,

    /// <summary>Maximum surface3 dheight.</summary>
    MaximumSurface3DHeight = 59,

    /// <summary>Maximum surface3 ddepth.</summary>
    MaximumSurface3DDepth = 60,

    /// <summary>Maximum surface1 dlayered width.</summary>
    MaximumSurface1DLayeredWidth = 61,

    /// <summary>Maximum surface1 dlayered layers.</summary>
    MaximumSurface1DLayeredLayers = 62,

    /// <summary>Maximum surface2 dlayered width.</summary>
    MaximumSurface2DLayeredWidth = 63,

    /// <summary>Maximum surface2 dlayered height.</summary>
    MaximumSurface2DLayeredHeight = 64,

    /// <summary>Maximum surface2 dlayered layers.</summary>
    MaximumSurface2DLayeredLayers = 65,

    /// <summary>Maximum surface cubemap width.</summary>
    MaximumSurfaceCubemapWidth = 66,

    /// <summary>Maximum surface cubemap layered width.</summary>
    MaximumSurfaceCubemapLayeredWidth = 67,

    /// <summary>Maximum surface cubemap layered layers.</summary>
    MaximumSurfaceCubemapLayeredLayers = 68,

    /// <summary>Maximum texture1 dlinear width.</summary>
    MaximumTexture1DLinearWidth = 69,

    /// <summary>Maximum texture2 dlinear width.</summary>
    MaximumTexture2DLinearWidth = 70,

    /// <summary>Maximum texture2 dlinear height.</summary>
    MaximumTexture2DLinearHeight = 71,

    /// <summary>Maximum texture2 dlinear pitch.</summary>
    MaximumTexture2DLinearPitch = 72,

    /// <summary>Maximum texture2 dmipmapped width.</summary>
    MaximumTexture2DMipmappedWidth = 73,

    /// <summary>Maximum texture2 dmipmapped height.</summary>
    MaximumTexture2DMipmappedHeight = 74,

    /// <summary>Compute capability major.</summary>
    ComputeCapabilityMajor = 75,

    /// <summary>Compute capability minor.</summary>
    ComputeCapabilityMinor = 76,

    /// <summary>Maximum texture1 dmipmapped width.</summary>
    MaximumTexture1DMipmappedWidth = 77,

    /// <summary>Stream priorities supported.</summary>
    StreamPrioritiesSupported = 78,

    /// <summary>Global L1 cache supported.</summary>
    GlobalL1CacheSupported = 79,

    /// <summary>Local L1 cache supported.</summary>
    LocalL1CacheSupported = 80,

    /// <summary>Max shared memory per multiprocessor.</summary>
    MaxSharedMemoryPerMultiprocessor = 81,

    /// <summary>Max registers per multiprocessor.</summary>
    MaxRegistersPerMultiprocessor = 82,

    /// <summary>Managed memory.</summary>
    ManagedMemory = 83,

    /// <summary>Multi gpu board.</summary>
    MultiGpuBoard = 84,

    /// <summary>Multi gpu board group id.</summary>
    MultiGpuBoardGroupId = 85,

    /// <summary>Host native atomic supported.</summary>
    HostNativeAtomicSupported = 86,

    /// <summary>Single to double precision perf ratio.</summary>
    SingleToDoublePrecisionPerfRatio = 87,

    /// <summary>Pageable memory access.</summary>
    PageableMemoryAccess = 88,

    /// <summary>Concurrent managed access.</summary>
    ConcurrentManagedAccess = 89,

    /// <summary>Compute preemption supported.</summary>
    ComputePreemptionSupported = 90,

    /// <summary>Can use host pointer for registered mem.</summary>
    CanUseHostPointerForRegisteredMem = 91,

    /// <summary>Can use stream mem ops V1.</summary>
    CanUseStreamMemOpsV1 = 92,

    /// <summary>Can use64 bit stream mem ops V1.</summary>
    CanUse64BitStreamMemOpsV1 = 93,

    /// <summary>Can use stream wait value nor V1.</summary>
    CanUseStreamWaitValueNorV1 = 94,

    /// <summary>Cooperative launch.</summary>
    CooperativeLaunch = 95,

    /// <summary>Cooperative multi device launch.</summary>
    CooperativeMultiDeviceLaunch = 96,

    /// <summary>Max shared memory per block optin.</summary>
    MaxSharedMemoryPerBlockOptin = 97,

    /// <summary>Can flush remote writes.</summary>
    CanFlushRemoteWrites = 98,

    /// <summary>Host register supported.</summary>
    HostRegisterSupported = 99,

    /// <summary>Pageable memory access uses host page tables.</summary>
    PageableMemoryAccessUsesHostPageTables = 100,

    /// <summary>Direct managed mem access from host.</summary>
    DirectManagedMemAccessFromHost = 101,

    /// <summary>Virtual memory management supported.</summary>
    VirtualMemoryManagementSupported = 102,

    /// <summary>Handle type posix file descriptor supported.</summary>
    HandleTypePosixFileDescriptorSupported = 103,

    /// <summary>Handle type win32 handle supported.</summary>
    HandleTypeWin32HandleSupported = 104,

    /// <summary>Handle type win32 kmt handle supported.</summary>
    HandleTypeWin32KmtHandleSupported = 105,

    /// <summary>Max blocks per multiprocessor.</summary>
    MaxBlocksPerMultiprocessor = 106,

    /// <summary>Generic compression supported.</summary>
    GenericCompressionSupported = 107,

    /// <summary>Max persisting L2 cache size.</summary>
    MaxPersistingL2CacheSize = 108,

    /// <summary>Max access policy window size.</summary>
    MaxAccessPolicyWindowSize = 109,

    /// <summary>Gpu direct rdma with cuda vmm supported.</summary>
    GpuDirectRdmaWithCudaVmmSupported = 110,

    /// <summary>Reserved shared memory per block.</summary>
    ReservedSharedMemoryPerBlock = 111,

    /// <summary>Sparse cuda array supported.</summary>
    SparseCudaArraySupported = 112,

    /// <summary>Read only host register supported.</summary>
    ReadOnlyHostRegisterSupported = 113,

    /// <summary>Timeline semaphore interop supported.</summary>
    TimelineSemaphoreInteropSupported = 114,

    /// <summary>Memory pools supported.</summary>
    MemoryPoolsSupported = 115,

    /// <summary>Gpu direct rdma supported.</summary>
    GpuDirectRdmaSupported = 116,

    /// <summary>Gpu direct rdma flush writes options.</summary>
    GpuDirectRdmaFlushWritesOptions = 117,

    /// <summary>Gpu direct rdma writes ordering.</summary>
    GpuDirectRdmaWritesOrdering = 118,

    /// <summary>Mempool supported handle types.</summary>
    MempoolSupportedHandleTypes = 119,

    /// <summary>Cluster launch.</summary>
    ClusterLaunch = 120,

    /// <summary>Deferred mapping cuda array supported.</summary>
    DeferredMappingCudaArraySupported = 121,

    /// <summary>Can use64 bit stream mem ops.</summary>
    CanUse64BitStreamMemOps = 122,

    /// <summary>Can use stream wait value nor.</summary>
    CanUseStreamWaitValueNor = 123,

    /// <summary>Dma buf supported.</summary>
    DmaBufSupported = 124,

    /// <summary>Ipc event supported.</summary>
    IpcEventSupported = 125,

    /// <summary>Mem sync domain count.</summary>
    MemSyncDomainCount = 126,

    /// <summary>Tensor map access supported.</summary>
    TensorMapAccessSupported = 127,

    /// <summary>Handle type fabric supported.</summary>
    HandleTypeFabricSupported = 128,

    /// <summary>Unified function pointers.</summary>
    UnifiedFunctionPointers = 129,

    /// <summary>Numa config.</summary>
    NumaConfig = 130,

    /// <summary>Numa id.</summary>
    NumaId = 131,

    /// <summary>Multicast supported.</summary>
    MulticastSupported = 132,

    /// <summary>Mps enabled.</summary>
    MpsEnabled = 133,

    /// <summary>Host numa id.</summary>
    HostNumaId = 134,

    /// <summary>D3 D12 cig supported.</summary>
    D3D12CigSupported = 135,

    /// <summary>Mem decompress algorithm mask.</summary>
    MemDecompressAlgorithmMask = 136,

    /// <summary>Mem decompress maximum length.</summary>
    MemDecompressMaximumLength = 137,

    /// <summary>Vulkan cig supported.</summary>
    VulkanCigSupported = 138,

    /// <summary>Gpu pci device id.</summary>
    GpuPciDeviceId = 139,

    /// <summary>Gpu pci subsystem id.</summary>
    GpuPciSubsystemId = 140,

    /// <summary>Host numa virtual memory management supported.</summary>
    HostNumaVirtualMemoryManagementSupported = 141,

    /// <summary>Host numa memory pools supported.</summary>
    HostNumaMemoryPoolsSupported = 142,

    /// <summary>Host numa multinode ipc supported.</summary>
    HostNumaMultinodeIpcSupported = 143,

    /// <summary>Host memory pools supported.</summary>
    HostMemoryPoolsSupported = 144,

    /// <summary>Host virtual memory management supported.</summary>
    HostVirtualMemoryManagementSupported = 145,

    /// <summary>Host alloc dma buf supported.</summary>
    HostAllocDmaBufSupported = 146,

    /// <summary>Only partial host native atomic supported.</summary>
    OnlyPartialHostNativeAtomicSupported = 147,
}
