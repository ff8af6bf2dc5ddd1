/* The part of the CUDA Driver API that these programs use, resolved at run time: they need no CUDA at build time and
 * end with a sentence where there is no driver. Declared after NVIDIA's documentation of the driver API. */
#pragma once

#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef int CUdevice;
typedef uint64_t CUdeviceptr;
typedef struct CUctx_st *CUcontext;
typedef struct CUmod_st *CUmodule;
typedef struct CUfunc_st *CUfunction;
typedef struct CUstream_st *CUstream;

static int (*cuInit)(unsigned flags);
static int (*cuDeviceGet)(CUdevice *device, int ordinal);
static int (*cuDeviceGetName)(char *name, int length, CUdevice device);
static int (*cuCtxCreate)(CUcontext *context, unsigned flags, CUdevice device);
static int (*cuCtxDestroy)(CUcontext context);
static int (*cuCtxSynchronize)(void);
static int (*cuModuleLoadData)(CUmodule *module, const void *image);
static int (*cuModuleUnload)(CUmodule module);
static int (*cuModuleGetFunction)(CUfunction *function, CUmodule module, const char *name);
static int (*cuMemAlloc)(CUdeviceptr *address, size_t bytes);
static int (*cuMemFree)(CUdeviceptr address);
static int (*cuMemcpyHtoD)(CUdeviceptr to, const void *from, size_t bytes);
static int (*cuMemcpyDtoH)(void *to, CUdeviceptr from, size_t bytes);
static int (*cuLaunchKernel)(CUfunction function, unsigned gridX, unsigned gridY, unsigned gridZ, unsigned blockX,
                             unsigned blockY, unsigned blockZ, unsigned sharedBytes, CUstream stream, void **arguments,
                             void **extra);
static int (*cuGetErrorName)(int error, const char **name);

/* Ends the program with the API's own name for what went wrong. */
#define CHECK(call) check((call), #call)

static void check(int result, const char *call)
{
    const char *name = NULL;
    if (result == 0)
        return;
    if (cuGetErrorName == NULL || cuGetErrorName(result, &name) != 0 || name == NULL)
        name = "unknown error";
    fprintf(stderr, "%s: %s (%d)\n", call, name, result);
    exit(1);
}

static void *resolve(void *library, const char *name)
{
    void *address = dlsym(library, name);
    if (address == NULL) {
        fprintf(stderr, "libcuda.so.1 lacks %s\n", name);
        exit(1);
    }
    return address;
}

/* Opens the driver and makes a context on the first device; its name goes to `name` (256 bytes). */
static CUcontext openDevice(char *name)
{
    CUdevice device;
    CUcontext context;
    void *library = dlopen("libcuda.so.1", RTLD_NOW);
    if (library == NULL) {
        fprintf(stderr, "no CUDA driver: %s\n", dlerror());
        exit(1);
    }
    cuInit = resolve(library, "cuInit");
    cuDeviceGet = resolve(library, "cuDeviceGet");
    cuDeviceGetName = resolve(library, "cuDeviceGetName");
    cuCtxCreate = resolve(library, "cuCtxCreate_v2");
    cuCtxDestroy = resolve(library, "cuCtxDestroy_v2");
    cuCtxSynchronize = resolve(library, "cuCtxSynchronize");
    cuModuleLoadData = resolve(library, "cuModuleLoadData");
    cuModuleUnload = resolve(library, "cuModuleUnload");
    cuModuleGetFunction = resolve(library, "cuModuleGetFunction");
    cuMemAlloc = resolve(library, "cuMemAlloc_v2");
    cuMemFree = resolve(library, "cuMemFree_v2");
    cuMemcpyHtoD = resolve(library, "cuMemcpyHtoD_v2");
    cuMemcpyDtoH = resolve(library, "cuMemcpyDtoH_v2");
    cuLaunchKernel = resolve(library, "cuLaunchKernel");
    cuGetErrorName = resolve(library, "cuGetErrorName");
    CHECK(cuInit(0));
    CHECK(cuDeviceGet(&device, 0));
    CHECK(cuDeviceGetName(name, 256, device));
    CHECK(cuCtxCreate(&context, 0, device));
    return context;
}

/* Loads the PTX that EMBED_PTX put into this program and looks up its one kernel. */
extern const char ptxText[];

#define EMBED_PTX                                                                                                      \
    __asm__(".section .rodata\n.globl ptxText\nptxText:\n.incbin \"" __FILE__ "u.ptx\"\n.byte 0\n.previous\n")

__attribute__((unused)) static CUfunction loadKernel(CUmodule *module, const char *name)
{
    CUfunction function;
    CHECK(cuModuleLoadData(module, ptxText));
    CHECK(cuModuleGetFunction(&function, *module, name));
    return function;
}

__attribute__((unused)) static CUdeviceptr upload(const void *data, size_t bytes)
{
    CUdeviceptr address;
    CHECK(cuMemAlloc(&address, bytes));
    CHECK(cuMemcpyHtoD(address, data, bytes));
    return address;
}

/* A sequence that looks random and is the same everywhere. */
__attribute__((unused)) static unsigned nextRandom(unsigned *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}
