// The structures as the CUDA driver API documents them, laid out by the C compiler. Prints "TYPE FIELD OFFSET", and the
// size of the whole as field "sizeof".
#include <stddef.h>
#include <stdio.h>

typedef unsigned long long CUdeviceptr;
typedef int CUenum;
typedef struct CUarray_st *CUarray;
typedef struct CUstream_st *CUstream;
typedef struct CUctx_st *CUcontext;

typedef struct { char bytes[16]; } CUuuid;

typedef struct {
    int maxThreadsPerBlock, maxThreadsDim[3], maxGridSize[3], sharedMemPerBlock, totalConstantMemory, SIMDWidth, memPitch,
        regsPerBlock, clockRate, textureAlign;
} CUdevprop;

typedef struct {
    size_t srcXInBytes, srcY; CUenum srcMemoryType; const void *srcHost; CUdeviceptr srcDevice; CUarray srcArray; size_t srcPitch;
    size_t dstXInBytes, dstY; CUenum dstMemoryType; void *dstHost; CUdeviceptr dstDevice; CUarray dstArray; size_t dstPitch;
    size_t WidthInBytes, Height;
} CUDA_MEMCPY2D;

typedef struct {
    size_t srcXInBytes, srcY, srcZ, srcLOD; CUenum srcMemoryType; const void *srcHost; CUdeviceptr srcDevice; CUarray srcArray;
    void *reserved0; size_t srcPitch, srcHeight;
    size_t dstXInBytes, dstY, dstZ, dstLOD; CUenum dstMemoryType; void *dstHost; CUdeviceptr dstDevice; CUarray dstArray;
    void *reserved1; size_t dstPitch, dstHeight;
    size_t WidthInBytes, Height, Depth;
} CUDA_MEMCPY3D;

typedef struct {
    size_t srcXInBytes, srcY, srcZ, srcLOD; CUenum srcMemoryType; const void *srcHost; CUdeviceptr srcDevice; CUarray srcArray;
    CUcontext srcContext; size_t srcPitch, srcHeight;
    size_t dstXInBytes, dstY, dstZ, dstLOD; CUenum dstMemoryType; void *dstHost; CUdeviceptr dstDevice; CUarray dstArray;
    CUcontext dstContext; size_t dstPitch, dstHeight;
    size_t WidthInBytes, Height, Depth;
} CUDA_MEMCPY3D_PEER;

typedef struct { size_t Width, Height; CUenum Format; unsigned NumChannels; } CUDA_ARRAY_DESCRIPTOR;
typedef struct { size_t Width, Height, Depth; CUenum Format; unsigned NumChannels, Flags; } CUDA_ARRAY3D_DESCRIPTOR;

typedef struct {
    CUenum resType;
    union {
        struct { CUarray hArray; } array;
        struct { CUarray hMipmappedArray; } mipmap;
        struct { CUdeviceptr devPtr; CUenum format; unsigned numChannels; size_t sizeInBytes; } linear;
        struct { CUdeviceptr devPtr; CUenum format; unsigned numChannels; size_t width, height, pitchInBytes; } pitch2D;
        struct { int reserved[32]; } reserved;
    } res;
    unsigned flags;
} CUDA_RESOURCE_DESC;

typedef struct {
    CUenum addressMode[3], filterMode; unsigned flags, maxAnisotropy; CUenum mipmapFilterMode;
    float mipmapLevelBias, minMipmapLevelClamp, maxMipmapLevelClamp, borderColor[4]; int reserved[12];
} CUDA_TEXTURE_DESC;

typedef struct {
    CUenum format; size_t width, height, depth; unsigned firstMipmapLevel, lastMipmapLevel, firstLayer, lastLayer, reserved[16];
} CUDA_RESOURCE_VIEW_DESC;

typedef union { char pad[64]; void *pointer; unsigned long long number; } CUlaunchAttributeValue;
typedef struct { CUenum id; char pad[8 - sizeof(CUenum)]; CUlaunchAttributeValue value; } CUlaunchAttribute;
typedef struct {
    unsigned gridDimX, gridDimY, gridDimZ, blockDimX, blockDimY, blockDimZ, sharedMemBytes; CUstream hStream;
    CUlaunchAttribute *attrs; unsigned numAttrs;
} CUlaunchConfig;

typedef struct { CUenum type; int id; } CUmemLocation;
typedef struct { CUmemLocation location; CUenum flags; } CUmemAccessDesc;
typedef struct {
    CUenum allocType, handleTypes; CUmemLocation location; void *win32SecurityAttributes; size_t maxSize; unsigned short usage;
    unsigned char reserved[54];
} CUmemPoolProps;
typedef struct {
    CUenum type, requestedHandleTypes; CUmemLocation location; void *win32HandleMetaData; unsigned long long allocFlags;
} CUmemAllocationProp;

typedef struct { void *execAffinityParams; int numExecAffinityParams; void *cigParams; } CUctxCreateParams;

typedef struct {
    char busIdLegacy[16]; unsigned domain, bus, device, pciDeviceId, pciSubSystemId; char busId[32];
} NvmlPciInfo;
typedef struct { unsigned long long total, free, used; } NvmlMemory;
typedef struct { unsigned version; unsigned long long total, reserved, free, used; } NvmlMemoryV2;
typedef struct { unsigned gpu, memory; } NvmlUtilization;
typedef struct { unsigned pid; unsigned long long usedGpuMemory; unsigned gpuInstanceId, computeInstanceId; } NvmlProcessInfo;

typedef struct { unsigned char from_port, to_port, type, reserved[5]; } CUgraphEdgeData;
typedef struct {
    void *func; unsigned gridDimX, gridDimY, gridDimZ, blockDimX, blockDimY, blockDimZ, sharedMemBytes; void **kernelParams, **extra;
    void *kern; CUcontext ctx;
} CUDA_KERNEL_NODE_PARAMS;
typedef struct { CUdeviceptr dst; size_t pitch; unsigned value, elementSize; size_t width, height; } CUDA_MEMSET_NODE_PARAMS;
typedef struct { void (*fn)(void *); void *userData; } CUDA_HOST_NODE_PARAMS;
typedef struct {
    CUenum type; int reserved0[3];
    union {
        long long reserved1[29]; CUDA_KERNEL_NODE_PARAMS kernel; CUDA_MEMSET_NODE_PARAMS memset; CUDA_HOST_NODE_PARAMS host;
        struct { int flags, reserved; CUcontext copyCtx; CUDA_MEMCPY3D copyParams; } memcpy;
        struct { void *graph; int ownership; } graph; struct { void *event; } eventWait, eventRecord;
    };
    long long reserved2;
} CUgraphNodeParams;
typedef struct { unsigned long long flags; CUstream hUploadStream; void *hErrNode_out; CUenum result_out; } CUDA_GRAPH_INSTANTIATE_PARAMS;
typedef struct { CUenum result; void *errorNode, *errorFromNode; } CUgraphExecUpdateResultInfo;

#define S(t) printf(#t " sizeof %zu\n", sizeof(t))
#define F(t, f) printf(#t " " #f " %zu\n", offsetof(t, f))
#define R(f, p) printf("CUDA_RESOURCE_DESC " #f " %zu\n", offsetof(CUDA_RESOURCE_DESC, res.p))
#define SIDE(t, s)                                                                                                             \
    F(t, s##XInBytes), F(t, s##Y), F(t, s##MemoryType), F(t, s##Host), F(t, s##Device), F(t, s##Array), F(t, s##Pitch)
#define SIDE3(t, s) SIDE(t, s), F(t, s##Z), F(t, s##LOD), F(t, s##Height)
#define BOX(t) S(t), SIDE3(t, src), SIDE3(t, dst), F(t, WidthInBytes), F(t, Height), F(t, Depth)

int main(void)
{
    S(CUuuid), F(CUuuid, bytes);
    S(CUdevprop), F(CUdevprop, maxThreadsPerBlock), F(CUdevprop, maxThreadsDim), F(CUdevprop, maxGridSize);
    F(CUdevprop, sharedMemPerBlock), F(CUdevprop, totalConstantMemory), F(CUdevprop, SIMDWidth), F(CUdevprop, memPitch);
    F(CUdevprop, regsPerBlock), F(CUdevprop, clockRate), F(CUdevprop, textureAlign);
    S(CUDA_MEMCPY2D), SIDE(CUDA_MEMCPY2D, src), SIDE(CUDA_MEMCPY2D, dst);
    F(CUDA_MEMCPY2D, WidthInBytes), F(CUDA_MEMCPY2D, Height);
    BOX(CUDA_MEMCPY3D), F(CUDA_MEMCPY3D, reserved0), F(CUDA_MEMCPY3D, reserved1);
    BOX(CUDA_MEMCPY3D_PEER), F(CUDA_MEMCPY3D_PEER, srcContext), F(CUDA_MEMCPY3D_PEER, dstContext);
    S(CUDA_ARRAY_DESCRIPTOR), F(CUDA_ARRAY_DESCRIPTOR, Width), F(CUDA_ARRAY_DESCRIPTOR, Height);
    F(CUDA_ARRAY_DESCRIPTOR, Format), F(CUDA_ARRAY_DESCRIPTOR, NumChannels);
    S(CUDA_ARRAY3D_DESCRIPTOR), F(CUDA_ARRAY3D_DESCRIPTOR, Width), F(CUDA_ARRAY3D_DESCRIPTOR, Height);
    F(CUDA_ARRAY3D_DESCRIPTOR, Depth), F(CUDA_ARRAY3D_DESCRIPTOR, Format), F(CUDA_ARRAY3D_DESCRIPTOR, NumChannels);
    F(CUDA_ARRAY3D_DESCRIPTOR, Flags);
    S(CUDA_RESOURCE_DESC), F(CUDA_RESOURCE_DESC, resType), F(CUDA_RESOURCE_DESC, flags);
    R(hArray, array.hArray), R(devPtr, linear.devPtr), R(format, linear.format), R(numChannels, linear.numChannels);
    R(devPtr, pitch2D.devPtr), R(format, pitch2D.format), R(numChannels, pitch2D.numChannels);
    R(sizeInBytes, linear.sizeInBytes), R(width, pitch2D.width), R(height, pitch2D.height);
    R(pitchInBytes, pitch2D.pitchInBytes), R(hArray, mipmap.hMipmappedArray);
    S(CUDA_TEXTURE_DESC), F(CUDA_TEXTURE_DESC, addressMode), F(CUDA_TEXTURE_DESC, filterMode), F(CUDA_TEXTURE_DESC, flags);
    F(CUDA_TEXTURE_DESC, maxAnisotropy), F(CUDA_TEXTURE_DESC, mipmapFilterMode), F(CUDA_TEXTURE_DESC, mipmapLevelBias);
    F(CUDA_TEXTURE_DESC, minMipmapLevelClamp), F(CUDA_TEXTURE_DESC, maxMipmapLevelClamp), F(CUDA_TEXTURE_DESC, borderColor);
    S(CUDA_RESOURCE_VIEW_DESC), F(CUDA_RESOURCE_VIEW_DESC, format), F(CUDA_RESOURCE_VIEW_DESC, width);
    F(CUDA_RESOURCE_VIEW_DESC, height), F(CUDA_RESOURCE_VIEW_DESC, depth), F(CUDA_RESOURCE_VIEW_DESC, firstMipmapLevel);
    F(CUDA_RESOURCE_VIEW_DESC, lastMipmapLevel), F(CUDA_RESOURCE_VIEW_DESC, firstLayer), F(CUDA_RESOURCE_VIEW_DESC, lastLayer);
    S(CUlaunchAttribute), F(CUlaunchAttribute, id), F(CUlaunchAttribute, value);
    S(CUmemLocation), F(CUmemLocation, type), F(CUmemLocation, id);
    S(CUmemAccessDesc), F(CUmemAccessDesc, location), F(CUmemAccessDesc, flags);
    S(CUmemPoolProps), F(CUmemPoolProps, allocType), F(CUmemPoolProps, handleTypes), F(CUmemPoolProps, location);
    F(CUmemPoolProps, win32SecurityAttributes), F(CUmemPoolProps, maxSize), F(CUmemPoolProps, usage);
    S(CUmemAllocationProp), F(CUmemAllocationProp, type), F(CUmemAllocationProp, requestedHandleTypes);
    F(CUmemAllocationProp, location), F(CUmemAllocationProp, win32HandleMetaData), F(CUmemAllocationProp, allocFlags);
    S(CUlaunchConfig), F(CUlaunchConfig, gridDimX), F(CUlaunchConfig, gridDimY), F(CUlaunchConfig, gridDimZ);
    F(CUlaunchConfig, blockDimX), F(CUlaunchConfig, blockDimY), F(CUlaunchConfig, blockDimZ);
    F(CUlaunchConfig, sharedMemBytes), F(CUlaunchConfig, hStream), F(CUlaunchConfig, attrs), F(CUlaunchConfig, numAttrs);
    S(CUctxCreateParams), F(CUctxCreateParams, execAffinityParams), F(CUctxCreateParams, numExecAffinityParams);
    F(CUctxCreateParams, cigParams);
    S(CUgraphEdgeData), F(CUgraphEdgeData, from_port), F(CUgraphEdgeData, to_port), F(CUgraphEdgeData, type);
    S(CUDA_KERNEL_NODE_PARAMS), F(CUDA_KERNEL_NODE_PARAMS, func), F(CUDA_KERNEL_NODE_PARAMS, gridDimX);
    F(CUDA_KERNEL_NODE_PARAMS, gridDimY), F(CUDA_KERNEL_NODE_PARAMS, gridDimZ), F(CUDA_KERNEL_NODE_PARAMS, blockDimX);
    F(CUDA_KERNEL_NODE_PARAMS, blockDimY), F(CUDA_KERNEL_NODE_PARAMS, blockDimZ), F(CUDA_KERNEL_NODE_PARAMS, sharedMemBytes);
    F(CUDA_KERNEL_NODE_PARAMS, kernelParams), F(CUDA_KERNEL_NODE_PARAMS, extra), F(CUDA_KERNEL_NODE_PARAMS, kern);
    F(CUDA_KERNEL_NODE_PARAMS, ctx);
    S(CUDA_MEMSET_NODE_PARAMS), F(CUDA_MEMSET_NODE_PARAMS, dst), F(CUDA_MEMSET_NODE_PARAMS, pitch);
    F(CUDA_MEMSET_NODE_PARAMS, value), F(CUDA_MEMSET_NODE_PARAMS, elementSize), F(CUDA_MEMSET_NODE_PARAMS, width);
    F(CUDA_MEMSET_NODE_PARAMS, height);
    S(CUDA_HOST_NODE_PARAMS), F(CUDA_HOST_NODE_PARAMS, fn), F(CUDA_HOST_NODE_PARAMS, userData);
    S(CUgraphNodeParams), F(CUgraphNodeParams, type), F(CUgraphNodeParams, kernel), F(CUgraphNodeParams, memset);
    F(CUgraphNodeParams, host), F(CUgraphNodeParams, graph), F(CUgraphNodeParams, eventWait);
    F(CUgraphNodeParams, eventRecord);
    printf("CUgraphNodeParams memcpy %zu\n", offsetof(CUgraphNodeParams, memcpy.copyParams));
    S(CUDA_GRAPH_INSTANTIATE_PARAMS), F(CUDA_GRAPH_INSTANTIATE_PARAMS, flags), F(CUDA_GRAPH_INSTANTIATE_PARAMS, hUploadStream);
    F(CUDA_GRAPH_INSTANTIATE_PARAMS, hErrNode_out), F(CUDA_GRAPH_INSTANTIATE_PARAMS, result_out);
    S(CUgraphExecUpdateResultInfo), F(CUgraphExecUpdateResultInfo, result), F(CUgraphExecUpdateResultInfo, errorNode);
    F(CUgraphExecUpdateResultInfo, errorFromNode);
    S(NvmlPciInfo), F(NvmlPciInfo, busIdLegacy), F(NvmlPciInfo, domain), F(NvmlPciInfo, bus), F(NvmlPciInfo, device);
    F(NvmlPciInfo, pciDeviceId), F(NvmlPciInfo, pciSubSystemId), F(NvmlPciInfo, busId);
    S(NvmlMemory), F(NvmlMemory, total), F(NvmlMemory, free), F(NvmlMemory, used);
    S(NvmlMemoryV2), F(NvmlMemoryV2, version), F(NvmlMemoryV2, total), F(NvmlMemoryV2, reserved), F(NvmlMemoryV2, free);
    F(NvmlMemoryV2, used);
    S(NvmlUtilization), F(NvmlUtilization, gpu), F(NvmlUtilization, memory);
    S(NvmlProcessInfo), F(NvmlProcessInfo, pid), F(NvmlProcessInfo, usedGpuMemory), F(NvmlProcessInfo, gpuInstanceId);
    F(NvmlProcessInfo, computeInstanceId);
    return 0;
}
