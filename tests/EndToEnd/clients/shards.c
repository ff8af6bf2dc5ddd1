/* Two devices, maybe of two nodes: objects and memory of each, copies between them, waits across them. */
#include "client.h"

enum { Count = 700001, Bytes = Count * 4 };

typedef int (*Copy)(Address, Handle, Address, Handle, size_t);
typedef int (*CopyAsync)(Address, Handle, Address, Handle, size_t, Handle);

static int ran[2];

static void note(void *which) { __atomic_add_fetch((int *)which, 1, __ATOMIC_SEQ_CST); }

static void fill(uint32_t *data, uint32_t seed)
{
    for (uint32_t i = 0; i < Count; i++)
        data[i] = i * 2654435761u + seed;
}

static int differ(const uint32_t *data, uint32_t seed, int tripled)
{
    int wrong = 0;
    for (uint32_t i = 0; i < Count; i++) {
        uint32_t value = i * 2654435761u + seed;
        wrong += data[i] != (tripled ? value * 3 + i : value);
    }
    return wrong;
}

int main(void)
{
    Handle context[2], module[2], function[2], stream[2], event;
    Address memory[2], spare[2];
    int count = 0, (*wait)(Handle, Handle, unsigned), (*host)(Handle, void (*)(void *), void *);
    uint32_t *data = malloc(Bytes), amount = Count;
    void *library = openLibrary();
    Copy peer = (Copy)dlsym(library, "cuMemcpyPeer");
    CopyAsync peerAsync = (CopyAsync)dlsym(library, "cuMemcpyPeerAsync");
    *(void **)&wait = dlsym(library, "cuStreamWaitEvent");
    *(void **)&host = dlsym(library, "cuLaunchHostFunc");
    REQUIRE(cuInit(0));
    REQUIRE(cuDeviceGetCount(&count));
    CHECK(count == 2);
    if (count != 2) return 1;
    for (int d = 0; d < 2; d++) {
        REQUIRE(cuDevicePrimaryCtxRetain(&context[d], d));
        REQUIRE(cuCtxSetCurrent(context[d]));
        REQUIRE(cuModuleLoadData(&module[d], triple));
        REQUIRE(cuModuleGetFunction(&function[d], module[d], "triple"));
        REQUIRE(cuMemAlloc_v2(&memory[d], Bytes));
        REQUIRE(cuMemAlloc_v2(&spare[d], Bytes));
        REQUIRE(cuStreamCreate(&stream[d], 1));
    }
    CHECK(memory[0] != memory[1]);

    /* Each device computes on its own memory; the other's context is current while its results are read. */
    for (int d = 0; d < 2; d++) {
        void *arguments[] = {&memory[d], &amount};
        fill(data, d + 1);
        REQUIRE(cuCtxSetCurrent(context[d]));
        REQUIRE(cuMemcpyHtoDAsync_v2(memory[d], data, Bytes, stream[d]));
        REQUIRE(cuLaunchKernel(function[d], (Count + 255) / 256, 1, 1, 256, 1, 1, 0, stream[d], arguments, NULL));
        REQUIRE(host(stream[d], note, &ran[d]));
    }
    for (int d = 0; d < 2; d++) {
        REQUIRE(cuCtxSetCurrent(context[1 - d]));
        REQUIRE(cuStreamSynchronize(stream[d]));
        CHECK(__atomic_load_n(&ran[d], __ATOMIC_SEQ_CST) == 1);
        REQUIRE(cuMemcpyDtoH_v2(data, memory[d], Bytes));
        CHECK(differ(data, d + 1, 1) == 0);
    }

    /* Between them, by each call that copies from device to device. */
    fill(data, 9);
    REQUIRE(cuCtxSetCurrent(context[0]));
    REQUIRE(cuMemcpyHtoD_v2(memory[0], data, Bytes));
    REQUIRE(peer(memory[1], context[1], memory[0], context[0], Bytes));
    memset(data, 0, Bytes);
    REQUIRE(cuMemcpyDtoH_v2(data, memory[1], Bytes));
    CHECK(differ(data, 9, 0) == 0);
    REQUIRE(cuMemsetD8_v2(memory[0], 0, Bytes));
    REQUIRE(cuMemcpyDtoD_v2(memory[0], memory[1], Bytes));
    memset(data, 0, Bytes);
    REQUIRE(cuMemcpyDtoH_v2(data, memory[0], Bytes));
    CHECK(differ(data, 9, 0) == 0);

    /* One device waits for the other's event before it goes on with what that has made. */
    for (int round = 0; round < 5; round++) {
        void *arguments[] = {&memory[1], &amount};
        fill(data, 20 + round);
        REQUIRE(cuCtxSetCurrent(context[1]));
        REQUIRE(cuEventCreate(&event, 2));
        REQUIRE(cuMemcpyHtoDAsync_v2(memory[1], data, Bytes, stream[1]));
        REQUIRE(cuLaunchKernel(function[1], (Count + 255) / 256, 1, 1, 256, 1, 1, 0, stream[1], arguments, NULL));
        REQUIRE(cuEventRecord(event, stream[1]));
        REQUIRE(cuCtxSetCurrent(context[0]));
        REQUIRE(wait(stream[0], event, 0));
        REQUIRE(peerAsync(spare[0], context[0], memory[1], context[1], Bytes, stream[0]));
        REQUIRE(cuMemcpyDtoDAsync_v2(memory[0], spare[0], Bytes, stream[0]));
        memset(data, 0, Bytes);
        REQUIRE(cuMemcpyDtoHAsync_v2(data, memory[0], Bytes, stream[0]));
        REQUIRE(cuStreamSynchronize(stream[0]));
        CHECK(differ(data, 20 + round, 1) == 0);
        REQUIRE(cuEventDestroy_v2(event));
    }

    EXPECT(InvalidContext, peer(memory[0], NULL, memory[1], context[1], 4));
    for (int d = 0; d < 2; d++) {
        REQUIRE(cuMemFree_v2(memory[d]));
        REQUIRE(cuStreamDestroy_v2(stream[d]));
        REQUIRE(cuDevicePrimaryCtxRelease_v2(d));
    }
    return failures == 0 ? 0 : 1;
}
