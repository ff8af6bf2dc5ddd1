/* What the API answers to bad input. Every call must answer its own error code, and the session must go on. */
#include "client.h"

static void beforeInit(void)
{
    int count;
    Handle context;
    Address address;
    EXPECT(NotInitialized, cuDeviceGetCount(&count));
    EXPECT(NotInitialized, cuCtxCreate_v2(&context, 0, 0));
    EXPECT(NotInitialized, cuMemAlloc_v2(&address, 16));
    EXPECT(InvalidValue, cuInit(1));
    REQUIRE(cuInit(0));
    EXPECT(Success, cuInit(0));
    EXPECT(InvalidValue, cuInit(1));
}

static void devices(void)
{
    int value;
    EXPECT(InvalidValue, cuDeviceGetCount(NULL));
    EXPECT(Success, cuDeviceGetCount(&value));
    CHECK(value >= 1);
    EXPECT(InvalidDevice, cuDeviceGet(&value, 1000));
    EXPECT(InvalidDevice, cuDeviceGet(&value, -1));
    EXPECT(InvalidValue, cuDeviceGet(NULL, 0));
    EXPECT(InvalidValue, cuDeviceGetAttribute(&value, 100000, 0));
    EXPECT(InvalidDevice, cuDeviceGetAttribute(&value, 1, 77));
}

static void contexts(void)
{
    Handle context, other;
    Address address;
    EXPECT(InvalidContext, cuMemAlloc_v2(&address, 16));
    EXPECT(InvalidDevice, cuCtxCreate_v2(&context, 0, 55));
    EXPECT(InvalidValue, cuCtxCreate_v2(NULL, 0, 0));
    EXPECT(Success, cuCtxCreate_v2(&context, 0, 0));
    EXPECT(Success, cuCtxGetCurrent(&other));
    CHECK(other == context);
    EXPECT(Success, cuCtxPopCurrent_v2(&other));
    CHECK(other == context);
    EXPECT(InvalidContext, cuCtxPopCurrent_v2(&other));
    EXPECT(Success, cuCtxDestroy_v2(context));
    EXPECT(InvalidContext, cuCtxDestroy_v2(context));
    EXPECT(InvalidContext, cuCtxSetCurrent(context));
    EXPECT(InvalidContext, cuCtxSetCurrent((Handle)0x1234));
}

static void memory(void)
{
    Address address, other;
    size_t free, total;
    char data[64] = {0};
    EXPECT(InvalidValue, cuMemAlloc_v2(&address, 0));
    EXPECT(InvalidValue, cuMemAlloc_v2(NULL, 16));
    EXPECT(Success, cuMemGetInfo_v2(&free, &total));
    CHECK(free <= total && total > 0);
    EXPECT(OutOfMemory, cuMemAlloc_v2(&address, total + (1 << 20)));
    EXPECT(OutOfMemory, cuMemAlloc_v2(&address, (size_t)1 << 62));
    EXPECT(Success, cuMemAlloc_v2(&address, 4096));
    EXPECT(Success, cuMemcpyHtoD_v2(address, data, sizeof data));
    EXPECT(InvalidValue, cuMemcpyHtoD_v2(address + 4090, data, sizeof data));
    EXPECT(InvalidValue, cuMemcpyDtoH_v2(data, 0x10, sizeof data));
    EXPECT(InvalidValue, cuMemcpyHtoD_v2(address, NULL, sizeof data));
    EXPECT(InvalidValue, cuMemFree_v2(address + 16));
    EXPECT(Success, cuMemFree_v2(address));
    EXPECT(InvalidValue, cuMemFree_v2(address));
    EXPECT(Success, cuMemFree_v2(0));
    EXPECT(InvalidValue, cuMemcpyDtoH_v2(data, address, sizeof data));
    EXPECT(Success, cuMemAlloc_v2(&other, 4096));
    EXPECT(Success, cuMemFree_v2(other));
}

static void modules(void)
{
    Handle module, function, stale;
    Address address, values;
    size_t bytes;
    char broken[sizeof triple];
    int checked = 0;

    EXPECT(InvalidValue, cuModuleLoadData(NULL, triple));
    EXPECT(InvalidValue, cuModuleLoadData(&module, NULL));
    EXPECT(InvalidPtx, cuModuleLoadData(&module, ".version 6.0\n.target sm_50\nnonsense here;\n"));
    EXPECT(Success, cuModuleLoadData(&module, triple));
    EXPECT(NotFound, cuModuleGetFunction(&function, module, "quadruple"));
    EXPECT(InvalidValue, cuModuleGetFunction(&function, module, NULL));
    EXPECT(NotFound, cuModuleGetGlobal_v2(&address, &bytes, module, "triple"));
    EXPECT(Success, cuModuleGetGlobal_v2(&address, &bytes, module, "counter"));
    CHECK(bytes == 4 && address != 0);
    EXPECT(Success, cuModuleGetFunction(&function, module, "triple"));

    /* Cut off anywhere, it is refused or (where what is left is whole) accepted; the session lives on. */
    for (size_t length = 1; length < sizeof triple - 1; length += 7) {
        Handle half;
        memcpy(broken, triple, length);
        broken[length] = 0;
        int answer = cuModuleLoadData(&half, broken);
        if (answer == Success)
            cuModuleUnload(half);
        else
            CHECK(answer == InvalidPtx || answer == InvalidImage || answer == UnsupportedPtxVersion);
        checked++;
    }
    CHECK(checked > 50);

    unsigned count = 1;
    EXPECT(Success, cuMemAlloc_v2(&values, 4));
    void *arguments[] = {&values, &count};
    EXPECT(InvalidValue, cuLaunchKernel(function, 0, 1, 1, 32, 1, 1, 0, NULL, arguments, NULL));
    EXPECT(InvalidValue, cuLaunchKernel(function, 1, 1, 1, 0, 1, 1, 0, NULL, arguments, NULL));
    EXPECT(InvalidValue, cuLaunchKernel(function, 1, 1, 1, 1025, 1, 1, 0, NULL, arguments, NULL));
    EXPECT(InvalidValue, cuLaunchKernel(function, 1, 1, 1, 32, 32, 2, 0, NULL, arguments, NULL));
    EXPECT(InvalidValue, cuLaunchKernel(function, 1, 70000, 1, 32, 1, 1, 0, NULL, arguments, NULL));
    EXPECT(InvalidHandle, cuLaunchKernel((Handle)0x777, 1, 1, 1, 32, 1, 1, 0, NULL, arguments, NULL));
    EXPECT(Success, cuLaunchKernel(function, 1, 1, 1, 32, 1, 1, 0, NULL, arguments, NULL));
    EXPECT(Success, cuCtxSynchronize());
    stale = function;
    EXPECT(Success, cuModuleUnload(module));
    EXPECT(InvalidHandle, cuModuleUnload(module));
    EXPECT(InvalidHandle, cuLaunchKernel(stale, 1, 1, 1, 32, 1, 1, 0, NULL, arguments, NULL));
    EXPECT(Success, cuMemFree_v2(values));
}

static void streamsAndEvents(void)
{
    Handle stream, event;
    float milliseconds;
    EXPECT(Success, cuStreamCreate(&stream, 1));
    EXPECT(Success, cuEventCreate(&event, 0));
    EXPECT(Success, cuEventRecord(event, stream));
    EXPECT(Success, cuEventSynchronize(event));
    EXPECT(Success, cuEventElapsedTime(&milliseconds, event, event));
    EXPECT(Success, cuStreamSynchronize(stream));
    EXPECT(Success, cuStreamQuery(stream));
    EXPECT(Success, cuStreamDestroy_v2(stream));
    EXPECT(InvalidHandle, cuStreamSynchronize(stream));
    EXPECT(Success, cuEventDestroy_v2(event));
    EXPECT(InvalidHandle, cuEventSynchronize(event));
}

/* A kernel that reaches outside: the error arrives at the synchronisation and stays. */
static void illegalAddress(void)
{
    Handle context, module, function;
    Address wild = 0x1000;
    unsigned count = 1;
    void *arguments[] = {&wild, &count};
    char data[4];
    Address values;
    EXPECT(Success, cuCtxCreate_v2(&context, 0, 0));
    EXPECT(Success, cuMemAlloc_v2(&values, 4));
    EXPECT(Success, cuModuleLoadData(&module, triple));
    EXPECT(Success, cuModuleGetFunction(&function, module, "triple"));
    EXPECT(Success, cuLaunchKernel(function, 1, 1, 1, 32, 1, 1, 0, NULL, arguments, NULL));
    EXPECT(IllegalAddress, cuCtxSynchronize());
    EXPECT(IllegalAddress, cuCtxSynchronize());
    EXPECT(IllegalAddress, cuMemcpyDtoH_v2(data, values, 4));
    EXPECT(IllegalAddress, cuMemAlloc_v2(&values, 4));
}

int main(void)
{
    Handle context;
    openLibrary();
    beforeInit();
    devices();
    contexts();
    EXPECT(Success, cuCtxCreate_v2(&context, 0, 0));
    memory();
    modules();
    streamsAndEvents();
    EXPECT(Success, cuCtxDestroy_v2(context));
    illegalAddress();
    return failures > 100 ? 100 : failures;
}
