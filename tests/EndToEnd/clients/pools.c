/* Memory in stream order: allocated, used and freed without waiting; pools with limits, attributes and a default. */
#include "client.h"

typedef struct { int type, id; } Location;
typedef struct { int allocType, handleTypes; Location location; void *win32; size_t maxSize; char rest[56]; } PoolProps;
typedef struct { Location location; int flags; } AccessDesc;

static int (*cuMemAllocAsync)(Address *, size_t, Handle);
static int (*cuMemFreeAsync)(Address, Handle);
static int (*cuMemAllocFromPoolAsync)(Address *, size_t, Handle, Handle);
static int (*cuMemPoolCreate)(Handle *, const PoolProps *);
static int (*cuMemPoolDestroy)(Handle);
static int (*cuMemPoolTrimTo)(Handle, size_t);
static int (*cuMemPoolSetAttribute)(Handle, int, void *);
static int (*cuMemPoolGetAttribute)(Handle, int, void *);
static int (*cuMemPoolSetAccess)(Handle, const AccessDesc *, size_t);
static int (*cuMemPoolGetAccess)(int *, Handle, Location *);
static int (*cuDeviceGetDefaultMemPool)(Handle *, int);
static int (*cuDeviceGetMemPool)(Handle *, int);
static int (*cuDeviceSetMemPool)(int, Handle);
static int (*cuMemGetDefaultMemPool)(Handle *, Location *, int);

enum { reuseOpportunistic = 2, releaseThreshold = 4, usedCurrent = 7, usedHigh = 8, memoryPoolsSupported = 115 };

int main(void)
{
    enum { count = 100000, bytes = count * 4, rounds = 200 };
    Handle context, module, function, stream, pool, defaultPool, other;
    Address address;
    unsigned n = count, wrong = 0, *data = malloc(bytes);
    uint64_t wide = 0;
    int narrow = 0, supported = 0;
    size_t free0, total, free1;
    void *library = openLibrary();
#define FIND(name) CHECK((*(void **)&name = dlsym(library, #name)) != NULL)
    FIND(cuMemAllocAsync);
    FIND(cuMemFreeAsync);
    FIND(cuMemAllocFromPoolAsync);
    FIND(cuMemPoolCreate);
    FIND(cuMemPoolDestroy);
    FIND(cuMemPoolTrimTo);
    FIND(cuMemPoolSetAttribute);
    FIND(cuMemPoolGetAttribute);
    FIND(cuMemPoolSetAccess);
    FIND(cuMemPoolGetAccess);
    FIND(cuDeviceGetDefaultMemPool);
    FIND(cuDeviceGetMemPool);
    FIND(cuDeviceSetMemPool);
    FIND(cuMemGetDefaultMemPool);
    REQUIRE(cuInit(0));
    EXPECT(Success, cuDeviceGetAttribute(&supported, memoryPoolsSupported, 0));
    CHECK(supported == 1);
    EXPECT(InvalidContext, cuMemAllocAsync(&address, 16, NULL));
    REQUIRE(cuCtxCreate_v2(&context, 0, 0));
    REQUIRE(cuModuleLoadData(&module, triple));
    REQUIRE(cuModuleGetFunction(&function, module, "triple"));
    REQUIRE(cuStreamCreate(&stream, 1));
    REQUIRE(cuMemGetInfo_v2(&free0, &total));

    /* More in all than the device has, because each round's memory is free when the next round's is asked for. */
    size_t large = total / 8;
    for (int round = 0; round < 24; round++) {
        REQUIRE(cuMemAllocAsync(&address, large, stream));
        EXPECT(Success, cuMemsetD8Async(address, 0, bytes, stream));
        void *arguments[] = {&address, &n};
        EXPECT(Success, cuLaunchKernel(function, (n + 63) / 64, 1, 1, 64, 1, 1, 0, stream, arguments, NULL));
        EXPECT(Success, cuMemcpyDtoHAsync_v2(data, address, bytes, stream));
        EXPECT(Success, cuMemFreeAsync(address, stream));
    }
    EXPECT(Success, cuStreamSynchronize(stream));
    for (unsigned i = 0; i < count; i++)
        wrong += data[i] != i;
    CHECK(wrong == 0);
    EXPECT(Success, cuMemGetInfo_v2(&free1, &total));
    CHECK(free1 == free0);

    /* The default pool counts, is the current one until another is set, and stays. */
    REQUIRE(cuDeviceGetDefaultMemPool(&defaultPool, 0));
    EXPECT(Success, cuMemGetDefaultMemPool(&other, &(Location){1, 0}, 1));
    CHECK(other == defaultPool);
    EXPECT(Success, cuMemPoolGetAttribute(defaultPool, usedCurrent, &wide));
    CHECK(wide == 0);
    EXPECT(Success, cuMemPoolGetAttribute(defaultPool, usedHigh, &wide));
    CHECK(wide >= large);
    EXPECT(Success, cuDeviceGetMemPool(&other, 0));
    CHECK(other == defaultPool);
    EXPECT(InvalidValue, cuMemPoolDestroy(defaultPool));
    EXPECT(InvalidDevice, cuDeviceGetMemPool(&other, 5));

    /* A pool of one's own, with a limit. */
    PoolProps props = {1, 0, {1, 0}, NULL, 1 << 20, {0}};
    REQUIRE(cuMemPoolCreate(&pool, &props));
    EXPECT(OutOfMemory, cuMemAllocFromPoolAsync(&address, 2 << 20, pool, stream));
    EXPECT(Success, cuMemAllocFromPoolAsync(&address, 1 << 20, pool, stream));
    EXPECT(Success, cuMemPoolGetAttribute(pool, usedCurrent, &wide));
    CHECK(wide == 1 << 20);
    EXPECT(Success, cuMemFree_v2(address));
    EXPECT(Success, cuMemPoolGetAttribute(pool, usedCurrent, &wide));
    CHECK(wide == 0);
    wide = 12345;
    EXPECT(Success, cuMemPoolSetAttribute(pool, releaseThreshold, &wide));
    wide = 0;
    EXPECT(Success, cuMemPoolGetAttribute(pool, releaseThreshold, &wide));
    CHECK(wide == 12345);
    EXPECT(Success, cuMemPoolSetAttribute(pool, reuseOpportunistic, &narrow));
    narrow = 7;
    EXPECT(Success, cuMemPoolGetAttribute(pool, reuseOpportunistic, &narrow));
    CHECK(narrow == 0);
    EXPECT(InvalidValue, cuMemPoolSetAttribute(pool, usedCurrent, &wide));
    EXPECT(Success, cuMemPoolSetAccess(pool, &(AccessDesc){{1, 0}, 3}, 1));
    EXPECT(InvalidDevice, cuMemPoolSetAccess(pool, &(AccessDesc){{1, 9}, 3}, 1));
    EXPECT(Success, cuMemPoolGetAccess(&narrow, pool, &(Location){1, 0}));
    CHECK(narrow == 3);
    EXPECT(Success, cuMemPoolTrimTo(pool, 0));
    EXPECT(Success, cuDeviceSetMemPool(0, pool));
    EXPECT(OutOfMemory, cuMemAllocAsync(&address, 2 << 20, stream));
    EXPECT(Success, cuMemPoolDestroy(pool));
    EXPECT(InvalidHandle, cuMemPoolTrimTo(pool, 0));
    EXPECT(Success, cuMemAllocAsync(&address, 2 << 20, stream));
    EXPECT(Success, cuMemFreeAsync(address, stream));
    props.handleTypes = 1;
    EXPECT(NotSupported, cuMemPoolCreate(&pool, &props));

    /* A free of what is no allocation is told by the next call that waits. */
    EXPECT(Success, cuMemFreeAsync(address + 4096, stream));
    EXPECT(InvalidValue, cuStreamSynchronize(stream));
    EXPECT(Success, cuStreamSynchronize(stream));
    EXPECT(Success, cuCtxDestroy_v2(context));
    return failures > 100 ? 100 : failures;
}
