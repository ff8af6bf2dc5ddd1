// The few driver calls that the benchmark programs use, resolved by dlopen as any client does.
#ifndef WEIR_BENCH_DRIVER_H
#define WEIR_BENCH_DRIVER_H

#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

typedef int CUresult;
typedef int CUdevice;
typedef struct handle *CUcontext, *CUmodule, *CUfunction, *CUstream, *CUevent;
typedef unsigned long long CUdeviceptr;

#define DRIVER_CALLS(X)                                                                                         \
    X(cuInit, "cuInit", (unsigned))                                                                             \
    X(cuDeviceGet, "cuDeviceGet", (CUdevice *, int))                                                            \
    X(cuDeviceGetName, "cuDeviceGetName", (char *, int, CUdevice))                                              \
    X(cuCtxCreate, "cuCtxCreate_v2", (CUcontext *, unsigned, CUdevice))                                         \
    X(cuCtxSynchronize, "cuCtxSynchronize", (void))                                                             \
    X(cuMemAlloc, "cuMemAlloc_v2", (CUdeviceptr *, size_t))                                                     \
    X(cuMemFree, "cuMemFree_v2", (CUdeviceptr))                                                                 \
    X(cuMemAllocHost, "cuMemAllocHost_v2", (void **, size_t))                                                   \
    X(cuMemFreeHost, "cuMemFreeHost", (void *))                                                                 \
    X(cuMemcpyHtoD, "cuMemcpyHtoD_v2", (CUdeviceptr, const void *, size_t))                                     \
    X(cuMemcpyDtoH, "cuMemcpyDtoH_v2", (void *, CUdeviceptr, size_t))                                           \
    X(cuMemcpyHtoDAsync, "cuMemcpyHtoDAsync_v2", (CUdeviceptr, const void *, size_t, CUstream))                 \
    X(cuStreamSynchronize, "cuStreamSynchronize", (CUstream))                                                   \
    X(cuMemsetD8Async, "cuMemsetD8Async", (CUdeviceptr, unsigned char, size_t, CUstream))                       \
    X(cuModuleLoadData, "cuModuleLoadData", (CUmodule *, const void *))                                         \
    X(cuModuleUnload, "cuModuleUnload", (CUmodule))                                                             \
    X(cuModuleGetFunction, "cuModuleGetFunction", (CUfunction *, CUmodule, const char *))                       \
    X(cuEventCreate, "cuEventCreate", (CUevent *, unsigned))                                                    \
    X(cuEventRecord, "cuEventRecord", (CUevent, CUstream))                                                      \
    X(cuEventSynchronize, "cuEventSynchronize", (CUevent))                                                      \
    X(cuLaunchKernel, "cuLaunchKernel",                                                                         \
      (CUfunction, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, CUstream, void **, void **))

#define DECLARE(name, symbol, parameters) static CUresult(*name) parameters;
DRIVER_CALLS(DECLARE)
#undef DECLARE

static void check(CUresult result, const char *what) {
    if (result != 0) {
        fprintf(stderr, "%s: CUDA error %d\n", what, result);
        exit(1);
    }
}
#define CHECK(call) check((call), #call)

static void load_driver(void) {
    void *library = dlopen("libcuda.so.1", RTLD_NOW);
    if (library == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        exit(1);
    }
#define RESOLVE(name, symbol, parameters)                             \
    *(void **)&name = dlsym(library, symbol);                         \
    if (name == NULL) {                                               \
        fprintf(stderr, "libcuda.so.1 has no %s\n", symbol);          \
        exit(1);                                                      \
    }
    DRIVER_CALLS(RESOLVE)
#undef RESOLVE
}

// A whole file as a NUL-terminated string.
__attribute__((unused)) static char *read_file(const char *path) {
    FILE *f = fopen(path, "rb");
    if (f == NULL) {
        perror(path);
        exit(1);
    }
    fseek(f, 0, SEEK_END);
    long size = ftell(f);
    rewind(f);
    char *text = malloc((size_t)size + 1);
    if (fread(text, 1, (size_t)size, f) != (size_t)size) {
        perror(path);
        exit(1);
    }
    text[size] = 0;
    fclose(f);
    return text;
}

#endif
