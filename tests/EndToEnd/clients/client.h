/* The driver API as a client sees it, resolved at run time, and a way to state what a call must answer. */
#pragma once

#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef uint64_t Address;
typedef void *Handle;

enum {
    Success = 0,
    InvalidValue = 1,
    OutOfMemory = 2,
    NotInitialized = 3,
    InvalidDevice = 101,
    InvalidImage = 200,
    InvalidContext = 201,
    InvalidPtx = 218,
    UnsupportedPtxVersion = 222,
    InvalidHandle = 400,
    NotFound = 500,
    NotReady = 600,
    IllegalAddress = 700,
    LaunchFailed = 719,
    NotSupported = 801
};

#define CALLS(X)                                                                                                       \
    X(cuInit, (unsigned))                                                                                              \
    X(cuDriverGetVersion, (int *))                                                                                     \
    X(cuDeviceGetCount, (int *))                                                                                       \
    X(cuDeviceGet, (int *, int))                                                                                       \
    X(cuDeviceGetName, (char *, int, int))                                                                             \
    X(cuDeviceGetAttribute, (int *, int, int))                                                                         \
    X(cuDevicePrimaryCtxRetain, (Handle *, int))                                                                       \
    X(cuDevicePrimaryCtxRelease_v2, (int))                                                                             \
    X(cuCtxCreate_v2, (Handle *, unsigned, int))                                                                       \
    X(cuCtxDestroy_v2, (Handle))                                                                                       \
    X(cuCtxSetCurrent, (Handle))                                                                                       \
    X(cuCtxGetCurrent, (Handle *))                                                                                     \
    X(cuCtxPushCurrent_v2, (Handle))                                                                                   \
    X(cuCtxPopCurrent_v2, (Handle *))                                                                                  \
    X(cuCtxSynchronize, (void))                                                                                        \
    X(cuMemAlloc_v2, (Address *, size_t))                                                                              \
    X(cuMemFree_v2, (Address))                                                                                         \
    X(cuMemGetInfo_v2, (size_t *, size_t *))                                                                           \
    X(cuMemHostAlloc, (void **, size_t, unsigned))                                                                     \
    X(cuMemFreeHost, (void *))                                                                                         \
    X(cuMemcpyHtoD_v2, (Address, const void *, size_t))                                                                \
    X(cuMemcpyDtoH_v2, (void *, Address, size_t))                                                                      \
    X(cuMemcpyDtoD_v2, (Address, Address, size_t))                                                                     \
    X(cuMemcpyHtoDAsync_v2, (Address, const void *, size_t, Handle))                                                   \
    X(cuMemcpyDtoHAsync_v2, (void *, Address, size_t, Handle))                                                         \
    X(cuMemcpyDtoDAsync_v2, (Address, Address, size_t, Handle))                                                       \
    X(cuMemsetD8_v2, (Address, unsigned char, size_t))                                                                 \
    X(cuMemsetD8Async, (Address, unsigned char, size_t, Handle))                                                       \
    X(cuModuleLoadData, (Handle *, const void *))                                                                      \
    X(cuModuleUnload, (Handle))                                                                                        \
    X(cuModuleGetFunction, (Handle *, Handle, const char *))                                                           \
    X(cuModuleGetGlobal_v2, (Address *, size_t *, Handle, const char *))                                               \
    X(cuLaunchKernel, (Handle, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, Handle, void **,  \
                       void **))                                                                                       \
    X(cuStreamCreate, (Handle *, unsigned))                                                                            \
    X(cuStreamSynchronize, (Handle))                                                                                   \
    X(cuStreamQuery, (Handle))                                                                                         \
    X(cuStreamDestroy_v2, (Handle))                                                                                    \
    X(cuEventCreate, (Handle *, unsigned))                                                                             \
    X(cuEventRecord, (Handle, Handle))                                                                                 \
    X(cuEventSynchronize, (Handle))                                                                                    \
    X(cuEventElapsedTime, (float *, Handle, Handle))                                                                   \
    X(cuEventDestroy_v2, (Handle))                                                                                     \
    X(cuGetErrorName, (int, const char **))

#define DECLARE(name, parameters) static int(*name) parameters;
CALLS(DECLARE)
#undef DECLARE

static int failures;

/* A call that must answer `expected`; says so when it does not and goes on. */
#define EXPECT(expected, call) expect((expected), (call), #call, __LINE__)

static void expect(int expected, int answer, const char *call, int line)
{
    if (answer != expected) {
        fprintf(stderr, "line %d: %s answered %d instead of %d\n", line, call, answer, expected);
        __atomic_add_fetch(&failures, 1, __ATOMIC_RELAXED);
    }
}

/* The same for what everything after it builds on: ends the program when it does not answer success. */
#define REQUIRE(call)                                                                                                  \
    do {                                                                                                               \
        EXPECT(Success, call);                                                                                         \
        if (failures > 0)                                                                                              \
            _exit(101);                                                                                                \
    } while (0)

#define CHECK(condition)                                                                                               \
    ((condition) ? (void)0                                                                                             \
                 : (void)(fprintf(stderr, "line %d: not so: %s\n", __LINE__, #condition),                              \
                          __atomic_add_fetch(&failures, 1, __ATOMIC_RELAXED)))

static void *openLibrary(void)
{
    void *library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        exit(100);
    }
#define RESOLVE(name, parameters)                                                                                      \
    name = (int(*) parameters)dlsym(library, #name);                                                                   \
    CHECK(name != NULL);
    CALLS(RESOLVE)
#undef RESOLVE
    return library;
}

/* value[i] = value[i] * 3 + i, for a check of kernels that any client can make. */
static const char triple[] = ".version 6.0\n.target sm_50\n.address_size 64\n"
                             ".global .align 4 .u32 counter;\n"
                             ".visible .entry triple(.param .u64 values, .param .u32 count)\n{\n"
                             ".reg .pred %p;\n.reg .b32 %r<6>;\n.reg .b64 %rd<4>;\n"
                             "mov.u32 %r1, %ctaid.x;\nmov.u32 %r2, %ntid.x;\nmov.u32 %r3, %tid.x;\n"
                             "mad.lo.s32 %r1, %r1, %r2, %r3;\n"
                             "ld.param.u32 %r4, [count];\nsetp.ge.u32 %p, %r1, %r4;\n@%p bra done;\n"
                             "ld.param.u64 %rd1, [values];\ncvta.to.global.u64 %rd1, %rd1;\n"
                             "mul.wide.u32 %rd2, %r1, 4;\nadd.s64 %rd3, %rd1, %rd2;\n"
                             "ld.global.u32 %r5, [%rd3];\nmad.lo.s32 %r5, %r5, 3, %r1;\nst.global.u32 [%rd3], %r5;\n"
                             "done:\nret;\n}\n";
