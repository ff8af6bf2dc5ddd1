/* Virtual memory: an array that grows without moving, the same memory at two places, access that is given and taken. */
#include "client.h"

typedef struct { int type, id; } Location;
typedef struct { int type, handleTypes; Location location; void *win32; uint64_t flags; } AllocationProp;
typedef struct { Location location; int flags; } AccessDesc;
typedef uint64_t Physical;

static int (*cuMemAddressReserve)(Address *, size_t, size_t, Address, uint64_t);
static int (*cuMemAddressFree)(Address, size_t);
static int (*cuMemCreate)(Physical *, size_t, const AllocationProp *, uint64_t);
static int (*cuMemRelease)(Physical);
static int (*cuMemMap)(Address, size_t, size_t, Physical, uint64_t);
static int (*cuMemUnmap)(Address, size_t);
static int (*cuMemSetAccess)(Address, size_t, const AccessDesc *, size_t);
static int (*cuMemGetAccess)(uint64_t *, const Location *, Address);
static int (*cuMemGetAllocationGranularity)(size_t *, const AllocationProp *, int);
static int (*cuMemGetAllocationPropertiesFromHandle)(AllocationProp *, Physical);
static int (*cuMemRetainAllocationHandle)(Physical *, Address);

int main(void)
{
    enum { virtualMemorySupported = 102, parts = 4 };
    Handle context, module, function;
    Address base, twin;
    Physical part[parts], again;
    size_t granularity = 0, free0, free1, total;
    uint64_t access = 9;
    int supported = 0;
    AllocationProp prop = {1, 0, {1, 0}, NULL, 0}, got;
    AccessDesc readWrite = {{1, 0}, 3}, nothing = {{1, 0}, 0};
    void *library = openLibrary();
#define FIND(name) CHECK((*(void **)&name = dlsym(library, #name)) != NULL)
    FIND(cuMemAddressReserve);
    FIND(cuMemAddressFree);
    FIND(cuMemCreate);
    FIND(cuMemRelease);
    FIND(cuMemMap);
    FIND(cuMemUnmap);
    FIND(cuMemSetAccess);
    FIND(cuMemGetAccess);
    FIND(cuMemGetAllocationGranularity);
    FIND(cuMemGetAllocationPropertiesFromHandle);
    FIND(cuMemRetainAllocationHandle);
    REQUIRE(cuInit(0));
    EXPECT(Success, cuDeviceGetAttribute(&supported, virtualMemorySupported, 0));
    CHECK(supported == 1);
    REQUIRE(cuCtxCreate_v2(&context, 0, 0));
    REQUIRE(cuModuleLoadData(&module, triple));
    REQUIRE(cuModuleGetFunction(&function, module, "triple"));
    REQUIRE(cuMemGetInfo_v2(&free0, &total));
    REQUIRE(cuMemGetAllocationGranularity(&granularity, &prop, 0));
    CHECK(granularity != 0 && (granularity & (granularity - 1)) == 0);

    /* Grows part by part; what was written before stays where it is; a kernel and a copy go over all parts at once. */
    size_t whole = parts * granularity;
    unsigned n = whole / 4, *data = malloc(whole);
    REQUIRE(cuMemAddressReserve(&base, whole, 0, 0, 0));
    EXPECT(InvalidValue, cuMemsetD8_v2(base, 1, 16));
    for (int i = 0; i < parts; i++) {
        REQUIRE(cuMemCreate(&part[i], granularity, &prop, 0));
        REQUIRE(cuMemMap(base + i * granularity, granularity, 0, part[i], 0));
        EXPECT(InvalidValue, cuMemsetD8_v2(base + i * granularity, 1, 16));
        EXPECT(Success, cuMemSetAccess(base + i * granularity, granularity, &readWrite, 1));
        EXPECT(Success, cuMemsetD8_v2(base, 0, (i + 1) * granularity));
        EXPECT(InvalidValue, cuMemsetD8_v2(base, 0, (i + 1) * granularity + 1));
    }
    void *arguments[] = {&base, &n};
    EXPECT(Success, cuLaunchKernel(function, (n + 255) / 256, 1, 1, 256, 1, 1, 0, NULL, arguments, NULL));
    EXPECT(Success, cuMemcpyDtoH_v2(data, base, whole));
    unsigned wrong = 0;
    for (unsigned i = 0; i < n; i++)
        wrong += data[i] != i;
    CHECK(wrong == 0);
    EXPECT(Success, cuMemGetInfo_v2(&free1, &total));
    CHECK(free0 - free1 == whole);

    /* Twice at once. */
    REQUIRE(cuMemAddressReserve(&twin, granularity, 0, 0, 0));
    EXPECT(Success, cuMemMap(twin, granularity, 0, part[1], 0));
    EXPECT(Success, cuMemSetAccess(twin, granularity, &readWrite, 1));
    EXPECT(Success, cuMemsetD8_v2(twin, 0xAB, 4));
    EXPECT(Success, cuMemcpyDtoH_v2(data, base + granularity, 4));
    CHECK(data[0] == 0xABABABAB);
    EXPECT(Success, cuMemRetainAllocationHandle(&again, twin));
    EXPECT(Success, cuMemGetAllocationPropertiesFromHandle(&got, again));
    CHECK(got.type == 1 && got.location.type == 1 && got.location.id == 0);
    EXPECT(Success, cuMemRelease(again));
    EXPECT(Success, cuMemGetAccess(&access, &readWrite.location, twin));
    CHECK(access == 3);
    EXPECT(Success, cuMemSetAccess(twin, granularity, &nothing, 1));
    EXPECT(InvalidValue, cuMemsetD8_v2(twin, 0, 4));

    /* What is impossible is refused. */
    EXPECT(InvalidValue, cuMemMap(base, granularity, 0, part[0], 0));
    EXPECT(InvalidValue, cuMemMap(twin, granularity, granularity, part[0], 0));
    EXPECT(InvalidValue, cuMemUnmap(base + granularity / 2, granularity));
    EXPECT(InvalidValue, cuMemAddressFree(base, whole));
    EXPECT(InvalidValue, cuMemAddressReserve(&twin, granularity + 1, 0, 0, 0));
    EXPECT(OutOfMemory, cuMemCreate(&again, total / granularity * granularity + granularity, &prop, 0));

    /* Memory lives as long as it is mapped. */
    for (int i = 0; i < parts; i++)
        EXPECT(Success, cuMemRelease(part[i]));
    EXPECT(InvalidHandle, cuMemMap(twin, granularity, 0, part[0], 0));
    EXPECT(Success, cuMemcpyDtoH_v2(data, base, 8));
    CHECK(data[1] == 1);
    EXPECT(Success, cuMemUnmap(base, whole));
    EXPECT(Success, cuMemUnmap(twin, granularity));
    EXPECT(Success, cuMemAddressFree(base, whole));
    EXPECT(Success, cuMemAddressFree(twin, granularity));
    EXPECT(Success, cuMemGetInfo_v2(&free1, &total));
    CHECK(free0 == free1);

    /* A kernel that touches what is not mapped ends its context, not the worker. */
    REQUIRE(cuMemAddressReserve(&base, granularity, 0, 0, 0));
    n = 100;
    EXPECT(Success, cuLaunchKernel(function, 1, 1, 1, 128, 1, 1, 0, NULL, arguments, NULL));
    EXPECT(IllegalAddress, cuCtxSynchronize());
    return failures > 100 ? 100 : failures;
}
