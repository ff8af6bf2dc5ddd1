namespace Weir.Api;

/// <summary>What functions of OpenCL answer: the codes of cl.h that Weir itself uses. A driver's other codes pass as their numbers.</summary>
public enum ClResult
{
    /// <summary>CL_SUCCESS</summary>
    Success = 0,

    /// <summary>CL_DEVICE_NOT_FOUND</summary>
    DeviceNotFound = -1,

    /// <summary>CL_DEVICE_NOT_AVAILABLE</summary>
    DeviceNotAvailable = -2,

    /// <summary>CL_COMPILER_NOT_AVAILABLE</summary>
    CompilerNotAvailable = -3,

    /// <summary>CL_MEM_OBJECT_ALLOCATION_FAILURE</summary>
    MemObjectAllocationFailure = -4,

    /// <summary>CL_OUT_OF_RESOURCES</summary>
    OutOfResources = -5,

    /// <summary>What an answer that cannot be understood means to the program.</summary>
    Unknown = OutOfResources,

    /// <summary>CL_OUT_OF_HOST_MEMORY</summary>
    OutOfHostMemory = -6,

    /// <summary>The client itself has no memory or no handles left.</summary>
    OutOfMemory = OutOfHostMemory,

    /// <summary>CL_PROFILING_INFO_NOT_AVAILABLE</summary>
    ProfilingInfoNotAvailable = -7,

    /// <summary>CL_MEM_COPY_OVERLAP</summary>
    MemCopyOverlap = -8,

    /// <summary>CL_IMAGE_FORMAT_NOT_SUPPORTED</summary>
    ImageFormatNotSupported = -10,

    /// <summary>CL_BUILD_PROGRAM_FAILURE</summary>
    BuildProgramFailure = -11,

    /// <summary>CL_MAP_FAILURE</summary>
    MapFailure = -12,

    /// <summary>CL_MISALIGNED_SUB_BUFFER_OFFSET</summary>
    MisalignedSubBufferOffset = -13,

    /// <summary>CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST</summary>
    EventsInWaitListFailed = -14,

    /// <summary>CL_INVALID_VALUE</summary>
    InvalidValue = -30,

    /// <summary>CL_INVALID_DEVICE_TYPE</summary>
    InvalidDeviceType = -31,

    /// <summary>CL_INVALID_PLATFORM</summary>
    InvalidPlatform = -32,

    /// <summary>CL_INVALID_DEVICE</summary>
    InvalidDevice = -33,

    /// <summary>CL_INVALID_CONTEXT</summary>
    InvalidContext = -34,

    /// <summary>CL_INVALID_QUEUE_PROPERTIES</summary>
    InvalidQueueProperties = -35,

    /// <summary>CL_INVALID_COMMAND_QUEUE</summary>
    InvalidCommandQueue = -36,

    /// <summary>CL_INVALID_HOST_PTR</summary>
    InvalidHostPtr = -37,

    /// <summary>CL_INVALID_MEM_OBJECT</summary>
    InvalidMemObject = -38,

    /// <summary>CL_INVALID_IMAGE_FORMAT_DESCRIPTOR</summary>
    InvalidImageFormatDescriptor = -39,

    /// <summary>CL_INVALID_IMAGE_SIZE</summary>
    InvalidImageSize = -40,

    /// <summary>CL_INVALID_SAMPLER</summary>
    InvalidSampler = -41,

    /// <summary>CL_INVALID_BINARY</summary>
    InvalidBinary = -42,

    /// <summary>CL_INVALID_BUILD_OPTIONS</summary>
    InvalidBuildOptions = -43,

    /// <summary>CL_INVALID_PROGRAM</summary>
    InvalidProgram = -44,

    /// <summary>CL_INVALID_PROGRAM_EXECUTABLE</summary>
    InvalidProgramExecutable = -45,

    /// <summary>CL_INVALID_KERNEL_NAME</summary>
    InvalidKernelName = -46,

    /// <summary>CL_INVALID_KERNEL</summary>
    InvalidKernel = -48,

    /// <summary>CL_INVALID_ARG_INDEX</summary>
    InvalidArgIndex = -49,

    /// <summary>CL_INVALID_ARG_VALUE</summary>
    InvalidArgValue = -50,

    /// <summary>CL_INVALID_ARG_SIZE</summary>
    InvalidArgSize = -51,

    /// <summary>CL_INVALID_KERNEL_ARGS</summary>
    InvalidKernelArgs = -52,

    /// <summary>CL_INVALID_WORK_DIMENSION</summary>
    InvalidWorkDimension = -53,

    /// <summary>CL_INVALID_WORK_GROUP_SIZE</summary>
    InvalidWorkGroupSize = -54,

    /// <summary>CL_INVALID_GLOBAL_OFFSET</summary>
    InvalidGlobalOffset = -56,

    /// <summary>CL_INVALID_EVENT_WAIT_LIST</summary>
    InvalidEventWaitList = -57,

    /// <summary>CL_INVALID_EVENT</summary>
    InvalidEvent = -58,

    /// <summary>CL_INVALID_OPERATION</summary>
    InvalidOperation = -59,

    /// <summary>CL_INVALID_BUFFER_SIZE</summary>
    InvalidBufferSize = -61,

    /// <summary>CL_INVALID_GLOBAL_WORK_SIZE</summary>
    InvalidGlobalWorkSize = -63,

    /// <summary>CL_INVALID_PROPERTY</summary>
    InvalidProperty = -64,

    /// <summary>CL_INVALID_IMAGE_DESCRIPTOR</summary>
    InvalidImageDescriptor = -65,

    /// <summary>CL_PLATFORM_NOT_FOUND_KHR</summary>
    PlatformNotFound = -1001,
}
