/* The runtime API of weir_runtime.h over the driver API, and what clang's host code calls to register and launch kernels.
 * libcuda.so.1 is opened at the first use, so a program that never touches a device starts anywhere. */
#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "weir_runtime.h"

typedef struct { unsigned int x, y, z; } Dim3;
typedef int CUresult;
typedef int CUdevice;
typedef struct CUctx_st *CUcontext;
typedef struct CUmod_st *CUmodule;
typedef struct CUfunc_st *CUfunction;
typedef uint64_t CUdeviceptr;

#define DRIVER(X)                                                                                                              \
    X(cuInit, (unsigned int))                                                                                                  \
    X(cuDeviceGetCount, (int *))                                                                                               \
    X(cuDeviceGet, (CUdevice *, int))                                                                                          \
    X(cuDeviceGetName, (char *, int, CUdevice))                                                                                \
    X(cuDeviceGetAttribute, (int *, int, CUdevice))                                                                            \
    X(cuDeviceTotalMem_v2, (size_t *, CUdevice))                                                                               \
    X(cuDevicePrimaryCtxRetain, (CUcontext *, CUdevice))                                                                       \
    X(cuDevicePrimaryCtxReset_v2, (CUdevice))                                                                                  \
    X(cuCtxSetCurrent, (CUcontext))                                                                                            \
    X(cuCtxSynchronize, (void))                                                                                                \
    X(cuModuleLoadDataEx, (CUmodule *, const void *, unsigned int, int *, void **))                                            \
    X(cuModuleGetFunction, (CUfunction *, CUmodule, const char *))                                                             \
    X(cuModuleGetGlobal_v2, (CUdeviceptr *, size_t *, CUmodule, const char *))                                                 \
    X(cuFuncSetAttribute, (CUfunction, int, int))                                                                              \
    X(cuLaunchKernel, (CUfunction, unsigned int, unsigned int, unsigned int, unsigned int, unsigned int, unsigned int,         \
                       unsigned int, cudaStream_t, void **, void **))                                                          \
    X(cuLaunchCooperativeKernel, (CUfunction, unsigned int, unsigned int, unsigned int, unsigned int, unsigned int,            \
                                  unsigned int, unsigned int, cudaStream_t, void **))                                          \
    X(cuMemAlloc_v2, (CUdeviceptr *, size_t))                                                                                  \
    X(cuMemFree_v2, (CUdeviceptr))                                                                                             \
    X(cuMemHostAlloc, (void **, size_t, unsigned int))                                                                         \
    X(cuMemFreeHost, (void *))                                                                                                 \
    X(cuMemGetInfo_v2, (size_t *, size_t *))                                                                                   \
    X(cuMemcpy, (CUdeviceptr, CUdeviceptr, size_t))                                                                            \
    X(cuMemcpyAsync, (CUdeviceptr, CUdeviceptr, size_t, cudaStream_t))                                                         \
    X(cuMemsetD8_v2, (CUdeviceptr, unsigned char, size_t))                                                                     \
    X(cuMemsetD8Async, (CUdeviceptr, unsigned char, size_t, cudaStream_t))                                                     \
    X(cuMemAllocAsync, (CUdeviceptr *, size_t, cudaStream_t))                                                                  \
    X(cuMemFreeAsync, (CUdeviceptr, cudaStream_t))                                                                             \
    X(cuStreamCreate, (cudaStream_t *, unsigned int))                                                                          \
    X(cuStreamDestroy_v2, (cudaStream_t))                                                                                      \
    X(cuStreamSynchronize, (cudaStream_t))                                                                                     \
    X(cuStreamQuery, (cudaStream_t))                                                                                           \
    X(cuStreamWaitEvent, (cudaStream_t, cudaEvent_t, unsigned int))                                                            \
    X(cuEventCreate, (cudaEvent_t *, unsigned int))                                                                            \
    X(cuEventDestroy_v2, (cudaEvent_t))                                                                                        \
    X(cuEventRecord, (cudaEvent_t, cudaStream_t))                                                                              \
    X(cuEventSynchronize, (cudaEvent_t))                                                                                       \
    X(cuEventQuery, (cudaEvent_t))                                                                                             \
    X(cuEventElapsedTime, (float *, cudaEvent_t, cudaEvent_t))                                                                 \
    X(cuGetErrorName, (CUresult, const char **))                                                                               \
    X(cuGetErrorString, (CUresult, const char **))

#define DECLARE(name, parameters) static CUresult(*name) parameters;
DRIVER(DECLARE)
#undef DECLARE

enum { MaxDevices = 64, MaxPushed = 16 };

/* An image that the compiler put into the program, and the module that it is on each device. */
typedef struct Image {
    struct Image *next;
    const void *data;
    CUmodule modules[MaxDevices];
} Image;

/* A kernel or a variable: the host's address for it stands for the name. */
typedef struct Symbol {
    struct Symbol *next;
    const void *host;
    const char *name;
    Image *image;
    CUfunction functions[MaxDevices];
} Symbol;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static Image *images;
static Symbol *symbols;
static CUcontext contexts[MaxDevices];
static int deviceCount = -1;
static cudaError_t startError;

static __thread int currentDevice;
static __thread int contextDevice = -1;
static __thread cudaError_t lastError;
static __thread int pushedCount;
static __thread struct {
    Dim3 grid, block;
    size_t sharedBytes;
    cudaStream_t stream;
} pushed[MaxPushed];

static cudaError_t note(CUresult result)
{
    if (result != 0 && result != cudaErrorNotReady)
        lastError = (cudaError_t)result;
    return (cudaError_t)result;
}

static cudaError_t open_driver(void)
{
    void *library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        fprintf(stderr, "no CUDA driver here (%s); start the program with `weir run -- PROGRAM`\n", dlerror());
        return cudaErrorNoDevice;
    }
#define RESOLVE(name, parameters)                                                                                              \
    name = (CUresult(*) parameters)dlsym(library, #name);                                                                      \
    if (name == NULL) {                                                                                                        \
        fprintf(stderr, "the CUDA driver has no %s\n", #name);                                                                 \
        return cudaErrorInitializationError;                                                                                   \
    }
    DRIVER(RESOLVE)
#undef RESOLVE
    CUresult result = cuInit(0);
    int count = 0;
    if (result == 0)
        result = cuDeviceGetCount(&count);
    deviceCount = count > MaxDevices ? MaxDevices : count;
    return (cudaError_t)result;
}

static cudaError_t start(void)
{
    pthread_mutex_lock(&lock);
    if (deviceCount < 0) {
        deviceCount = 0;
        startError = open_driver();
    }
    pthread_mutex_unlock(&lock);
    return startError;
}

/* The thread's device, with its primary context current. */
static cudaError_t enter(void)
{
    cudaError_t error = start();
    if (error != cudaSuccess || contextDevice == currentDevice)
        return error;
    if (deviceCount == 0)
        return cudaErrorNoDevice;
    CUresult result = 0;
    CUdevice device;
    pthread_mutex_lock(&lock);
    if (contexts[currentDevice] == NULL) {
        result = cuDeviceGet(&device, currentDevice);
        if (result == 0)
            result = cuDevicePrimaryCtxRetain(&contexts[currentDevice], device);
    }
    pthread_mutex_unlock(&lock);
    if (result == 0)
        result = cuCtxSetCurrent(contexts[currentDevice]);
    if (result == 0)
        contextDevice = currentDevice;
    return (cudaError_t)result;
}

#define CALL(call)                                                                                                             \
    do {                                                                                                                       \
        cudaError_t entered = enter();                                                                                         \
        return note(entered != cudaSuccess ? (CUresult)entered : (call));                                                      \
    } while (0)

/* Under the lock. Says why an image is refused: the kernels in it are the program's own. */
static CUresult module_of(Image *image, CUmodule *module)
{
    if (image->modules[currentDevice] == NULL) {
        enum { ErrorLog = 5, ErrorLogBytes = 6 };
        char log[4096] = "";
        int options[] = {ErrorLog, ErrorLogBytes};
        void *values[] = {log, (void *)sizeof log};
        CUresult result = cuModuleLoadDataEx(&image->modules[currentDevice], image->data, 2, options, values);
        if (result != 0) {
            fprintf(stderr, "the program's kernels were refused: %s\n", log);
            return result;
        }
    }
    *module = image->modules[currentDevice];
    return 0;
}

static Symbol *find_symbol(const void *host)
{
    for (Symbol *symbol = symbols; symbol != NULL; symbol = symbol->next)
        if (symbol->host == host)
            return symbol;
    return NULL;
}

static CUresult function_of(const void *kernel, CUfunction *function)
{
    CUmodule module;
    CUresult result = 0;
    pthread_mutex_lock(&lock);
    Symbol *symbol = find_symbol(kernel);
    if (symbol == NULL)
        result = cudaErrorInvalidDeviceFunction;
    else if (symbol->functions[currentDevice] == NULL) {
        result = module_of(symbol->image, &module);
        if (result == 0)
            result = cuModuleGetFunction(&symbol->functions[currentDevice], module, symbol->name);
        if (result != 0)
            fprintf(stderr, "kernel %s cannot be used here (error %d); `weir doctor` says why\n", symbol->name, result);
    }
    if (result == 0)
        *function = symbol->functions[currentDevice];
    pthread_mutex_unlock(&lock);
    return result;
}

static CUresult variable_of(const void *host, CUdeviceptr *address, size_t *bytes)
{
    CUmodule module;
    CUresult result = cudaErrorSymbolNotFound;
    pthread_mutex_lock(&lock);
    Symbol *symbol = find_symbol(host);
    if (symbol != NULL) {
        result = module_of(symbol->image, &module);
        if (result == 0)
            result = cuModuleGetGlobal_v2(address, bytes, module, symbol->name);
    }
    pthread_mutex_unlock(&lock);
    return result;
}

/* What clang's generated code calls before main and at a launch. */

typedef struct { int magic, version; const void *data; void *unused; } FatBinaryWrapper;

void **__cudaRegisterFatBinary(void *wrapper)
{
    Image *image = calloc(1, sizeof *image);
    if (image == NULL)
        abort();
    image->data = ((FatBinaryWrapper *)wrapper)->data;
    pthread_mutex_lock(&lock);
    image->next = images;
    images = image;
    pthread_mutex_unlock(&lock);
    return (void **)image;
}

void __cudaRegisterFatBinaryEnd(void **handle) { (void)handle; }

/* At the program's end: the driver takes the modules back itself. */
void __cudaUnregisterFatBinary(void **handle) { (void)handle; }

static void add_symbol(void **handle, const void *host, const char *name)
{
    Symbol *symbol = calloc(1, sizeof *symbol);
    if (symbol == NULL)
        abort();
    symbol->host = host;
    symbol->name = name;
    symbol->image = (Image *)handle;
    pthread_mutex_lock(&lock);
    symbol->next = symbols;
    symbols = symbol;
    pthread_mutex_unlock(&lock);
}

void __cudaRegisterFunction(void **handle, const char *host, char *deviceName, const char *name, int threads, void *tid, void *bid,
                            void *blockDim, void *gridDim, int *size)
{
    (void)name, (void)threads, (void)tid, (void)bid, (void)blockDim, (void)gridDim, (void)size;
    add_symbol(handle, host, deviceName);
}

void __cudaRegisterVar(void **handle, char *host, char *address, const char *name, int external, size_t size, int constant,
                       int global)
{
    (void)address, (void)external, (void)size, (void)constant, (void)global;
    add_symbol(handle, host, name);
}

unsigned int __cudaPushCallConfiguration(Dim3 grid, Dim3 block, size_t sharedBytes, cudaStream_t stream)
{
    if (pushedCount == MaxPushed)
        return 1;
    pushed[pushedCount].grid = grid;
    pushed[pushedCount].block = block;
    pushed[pushedCount].sharedBytes = sharedBytes;
    pushed[pushedCount].stream = stream;
    pushedCount++;
    return 0;
}

cudaError_t __cudaPopCallConfiguration(Dim3 *grid, Dim3 *block, size_t *sharedBytes, void *stream)
{
    if (pushedCount == 0)
        return note(cudaErrorUnknown);
    pushedCount--;
    *grid = pushed[pushedCount].grid;
    *block = pushed[pushedCount].block;
    *sharedBytes = pushed[pushedCount].sharedBytes;
    *(cudaStream_t *)stream = pushed[pushedCount].stream;
    return cudaSuccess;
}

static cudaError_t launch(const void *kernel, Dim3 grid, Dim3 block, void **arguments, size_t sharedBytes, cudaStream_t stream,
                          int cooperative)
{
    CUfunction function;
    cudaError_t error = enter();
    CUresult result = error != cudaSuccess ? (CUresult)error : function_of(kernel, &function);
    if (result == 0 && cooperative)
        result = cuLaunchCooperativeKernel(function, grid.x, grid.y, grid.z, block.x, block.y, block.z, (unsigned int)sharedBytes,
                                           stream, arguments);
    else if (result == 0)
        result = cuLaunchKernel(function, grid.x, grid.y, grid.z, block.x, block.y, block.z, (unsigned int)sharedBytes, stream,
                                arguments, NULL);
    return note(result);
}

cudaError_t cudaLaunchKernel(const void *kernel, Dim3 grid, Dim3 block, void **arguments, size_t sharedBytes, cudaStream_t stream)
{
    return launch(kernel, grid, block, arguments, sharedBytes, stream, 0);
}

cudaError_t cudaLaunchCooperativeKernel(const void *kernel, Dim3 grid, Dim3 block, void **arguments, size_t sharedBytes,
                                        cudaStream_t stream)
{
    return launch(kernel, grid, block, arguments, sharedBytes, stream, 1);
}

/* Devices and errors. */

cudaError_t cudaGetDeviceCount(int *count)
{
    cudaError_t error = start();
    *count = deviceCount;
    return note(error);
}

cudaError_t cudaGetDevice(int *device)
{
    *device = currentDevice;
    return cudaSuccess;
}

cudaError_t cudaSetDevice(int device)
{
    cudaError_t error = start();
    if (error != cudaSuccess)
        return note(error);
    if (device < 0 || device >= deviceCount)
        return note(cudaErrorInvalidDevice);
    currentDevice = device;
    return note(enter());
}

static int attribute(int number, CUdevice device)
{
    int value = 0;
    (void)cuDeviceGetAttribute(&value, number, device);
    return value;
}

cudaError_t cudaGetDeviceProperties(struct cudaDeviceProp *p, int device)
{
    cudaError_t error = start();
    if (error != cudaSuccess)
        return note(error);
    if (device < 0 || device >= deviceCount || p == NULL)
        return note(p == NULL ? cudaErrorInvalidValue : cudaErrorInvalidDevice);
    memset(p, 0, sizeof *p);
    CUresult result = cuDeviceGetName(p->name, sizeof p->name, device);
    if (result == 0)
        result = cuDeviceTotalMem_v2(&p->totalGlobalMem, device);
    p->maxThreadsPerBlock = attribute(1, device);
    for (int i = 0; i < 3; i++) {
        p->maxThreadsDim[i] = attribute(2 + i, device);
        p->maxGridSize[i] = attribute(5 + i, device);
    }
    p->sharedMemPerBlock = (size_t)attribute(8, device);
    p->warpSize = attribute(10, device);
    p->regsPerBlock = attribute(12, device);
    p->clockRate = attribute(13, device);
    p->multiProcessorCount = attribute(16, device);
    p->maxThreadsPerMultiProcessor = attribute(39, device);
    p->major = attribute(75, device);
    p->minor = attribute(76, device);
    return note(result);
}

cudaError_t cudaDeviceSynchronize(void) { CALL(cuCtxSynchronize()); }

cudaError_t cudaDeviceReset(void)
{
    cudaError_t error = enter();
    if (error != cudaSuccess)
        return note(error);
    pthread_mutex_lock(&lock);
    CUresult result = cuDevicePrimaryCtxReset_v2(currentDevice);
    contexts[currentDevice] = NULL;
    for (Image *image = images; image != NULL; image = image->next)
        image->modules[currentDevice] = NULL;
    for (Symbol *symbol = symbols; symbol != NULL; symbol = symbol->next)
        symbol->functions[currentDevice] = NULL;
    pthread_mutex_unlock(&lock);
    contextDevice = -1;
    return note(result);
}

cudaError_t cudaGetLastError(void)
{
    cudaError_t error = lastError;
    lastError = cudaSuccess;
    return error;
}

cudaError_t cudaPeekAtLastError(void) { return lastError; }

static const char *error_text(CUresult (*ask)(CUresult, const char **), cudaError_t error, const char *otherwise)
{
    const char *text = NULL;
    return ask != NULL && ask(error, &text) == 0 && text != NULL ? text : otherwise;
}

const char *cudaGetErrorString(cudaError_t error)
{
    return error == cudaErrorNoDevice ? "no device, or no CUDA driver"
                                      : error_text(cuGetErrorString, error, "unrecognized error code");
}

const char *cudaGetErrorName(cudaError_t error) { return error_text(cuGetErrorName, error, "unrecognized error code"); }

/* Memory. */

cudaError_t cudaMalloc(void **pointer, size_t bytes) { CALL(cuMemAlloc_v2((CUdeviceptr *)pointer, bytes)); }
cudaError_t cudaMallocHost(void **pointer, size_t bytes) { CALL(cuMemHostAlloc(pointer, bytes, 0)); }
cudaError_t cudaHostAlloc(void **pointer, size_t bytes, unsigned int flags) { CALL(cuMemHostAlloc(pointer, bytes, flags)); }
cudaError_t cudaFree(void *pointer) { CALL(pointer == NULL ? 0 : cuMemFree_v2((CUdeviceptr)pointer)); }
cudaError_t cudaFreeHost(void *pointer) { CALL(pointer == NULL ? 0 : cuMemFreeHost(pointer)); }
cudaError_t cudaMemGetInfo(size_t *freeBytes, size_t *totalBytes) { CALL(cuMemGetInfo_v2(freeBytes, totalBytes)); }

/* The addresses say what is where; kind need not. */
cudaError_t cudaMemcpy(void *destination, const void *source, size_t bytes, enum cudaMemcpyKind kind)
{
    (void)kind;
    CALL(cuMemcpy((CUdeviceptr)destination, (CUdeviceptr)source, bytes));
}

cudaError_t cudaMemcpyAsync(void *destination, const void *source, size_t bytes, enum cudaMemcpyKind kind, cudaStream_t stream)
{
    (void)kind;
    CALL(cuMemcpyAsync((CUdeviceptr)destination, (CUdeviceptr)source, bytes, stream));
}

cudaError_t cudaMemset(void *destination, int value, size_t bytes)
{
    CALL(cuMemsetD8_v2((CUdeviceptr)destination, (unsigned char)value, bytes));
}

cudaError_t cudaMemsetAsync(void *destination, int value, size_t bytes, cudaStream_t stream)
{
    CALL(cuMemsetD8Async((CUdeviceptr)destination, (unsigned char)value, bytes, stream));
}

cudaError_t cudaMallocAsync(void **pointer, size_t bytes, cudaStream_t stream)
{
    CALL(cuMemAllocAsync((CUdeviceptr *)pointer, bytes, stream));
}

cudaError_t cudaFreeAsync(void *pointer, cudaStream_t stream) { CALL(cuMemFreeAsync((CUdeviceptr)pointer, stream)); }

/* Streams and events. */

cudaError_t cudaStreamCreate(cudaStream_t *stream) { CALL(cuStreamCreate(stream, 0)); }
cudaError_t cudaStreamCreateWithFlags(cudaStream_t *stream, unsigned int flags) { CALL(cuStreamCreate(stream, flags)); }
cudaError_t cudaStreamDestroy(cudaStream_t stream) { CALL(cuStreamDestroy_v2(stream)); }
cudaError_t cudaStreamSynchronize(cudaStream_t stream) { CALL(cuStreamSynchronize(stream)); }
cudaError_t cudaStreamQuery(cudaStream_t stream) { CALL(cuStreamQuery(stream)); }
cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned int flags)
{
    CALL(cuStreamWaitEvent(stream, event, flags));
}
cudaError_t cudaEventCreate(cudaEvent_t *event) { CALL(cuEventCreate(event, 0)); }
cudaError_t cudaEventCreateWithFlags(cudaEvent_t *event, unsigned int flags) { CALL(cuEventCreate(event, flags)); }
cudaError_t cudaEventDestroy(cudaEvent_t event) { CALL(cuEventDestroy_v2(event)); }
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) { CALL(cuEventRecord(event, stream)); }
cudaError_t cudaEventSynchronize(cudaEvent_t event) { CALL(cuEventSynchronize(event)); }
cudaError_t cudaEventQuery(cudaEvent_t event) { CALL(cuEventQuery(event)); }
cudaError_t cudaEventElapsedTime(float *milliseconds, cudaEvent_t begin, cudaEvent_t end)
{
    CALL(cuEventElapsedTime(milliseconds, begin, end));
}

/* Symbols. */

cudaError_t cudaGetSymbolAddress(void **pointer, const void *symbol)
{
    size_t bytes;
    CALL(variable_of(symbol, (CUdeviceptr *)pointer, &bytes));
}

cudaError_t cudaGetSymbolSize(size_t *bytes, const void *symbol)
{
    CUdeviceptr address;
    CALL(variable_of(symbol, &address, bytes));
}

static CUresult copy_symbol(const void *symbol, void *host, size_t bytes, size_t offset, int in)
{
    CUdeviceptr address;
    size_t size;
    CUresult result = variable_of(symbol, &address, &size);
    if (result != 0)
        return result;
    if (offset > size || bytes > size - offset)
        return cudaErrorInvalidValue;
    address += offset;
    return in ? cuMemcpy(address, (CUdeviceptr)host, bytes) : cuMemcpy((CUdeviceptr)host, address, bytes);
}

cudaError_t cudaMemcpyToSymbol(const void *symbol, const void *source, size_t bytes, size_t offset, enum cudaMemcpyKind kind)
{
    (void)kind;
    CALL(copy_symbol(symbol, (void *)source, bytes, offset, 1));
}

cudaError_t cudaMemcpyFromSymbol(void *destination, const void *symbol, size_t bytes, size_t offset, enum cudaMemcpyKind kind)
{
    (void)kind;
    CALL(copy_symbol(symbol, destination, bytes, offset, 0));
}

cudaError_t cudaFuncSetAttribute(const void *kernel, enum cudaFuncAttribute which, int value)
{
    CUfunction function;
    cudaError_t error = enter();
    CUresult result = error != cudaSuccess ? (CUresult)error : function_of(kernel, &function);
    return note(result != 0 ? result : cuFuncSetAttribute(function, which, value));
}
