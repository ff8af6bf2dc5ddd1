/* State of every kind, verified and changed again each time that a line comes on standard input, while somebody parks, saves and moves the
   session in between. "busy": another thread makes calls all the time. */
#include "client.h"

#include <pthread.h>

typedef struct { int type, id; } Location;
typedef struct { int type, handleTypes; Location location; void *win32; uint64_t flags; } AllocationProp;
typedef struct { Location location; int flags; } AccessDesc;
typedef struct { int allocType, handleTypes; Location location; void *win32; size_t maxSize; uint64_t rest[7]; } PoolProps;
typedef struct { size_t width, height; int format; unsigned channels; } ArrayDescriptor;
typedef struct {
    size_t srcX, srcY; int srcType; const void *srcHost; Address srcDevice; Handle srcArray; size_t srcPitch;
    size_t dstX, dstY; int dstType; void *dstHost; Address dstDevice; Handle dstArray; size_t dstPitch;
    size_t width, height;
} Copy2D;

static int (*cuMemAddressReserve)(Address *, size_t, size_t, Address, uint64_t);
static int (*cuMemCreate)(uint64_t *, size_t, const AllocationProp *, uint64_t);
static int (*cuMemRelease)(uint64_t);
static int (*cuMemMap)(Address, size_t, size_t, uint64_t, uint64_t);
static int (*cuMemSetAccess)(Address, size_t, const AccessDesc *, size_t);
static int (*cuMemPoolCreate)(Handle *, const PoolProps *);
static int (*cuMemPoolDestroy)(Handle);
static int (*cuMemPoolGetAttribute)(Handle, int, void *);
static int (*cuMemPoolSetAttribute)(Handle, int, void *);
static int (*cuMemAllocFromPoolAsync)(Address *, size_t, Handle, Handle);
static int (*cuArrayCreate_v2)(Handle *, const ArrayDescriptor *);
static int (*cuMemcpy2D_v2)(const Copy2D *);
static int (*cuFuncSetAttribute)(Handle, int, int);
static int (*cuFuncGetAttribute)(int *, int, Handle);
static int (*cuCtxSetLimit)(int, size_t);
static int (*cuCtxGetLimit)(size_t *, int);
static int (*cuStreamGetFlags)(Handle, unsigned *);
static int (*cuLaunchHostFunc)(Handle, void (*)(void *), void *);

#define MORE(X)                                                                                                        \
    X(cuMemAddressReserve) X(cuMemCreate) X(cuMemRelease) X(cuMemMap) X(cuMemSetAccess) X(cuMemPoolCreate)             \
    X(cuMemPoolDestroy) X(cuMemPoolGetAttribute) X(cuMemPoolSetAttribute) X(cuMemAllocFromPoolAsync)                   \
    X(cuArrayCreate_v2) X(cuMemcpy2D_v2) X(cuFuncSetAttribute) X(cuFuncGetAttribute) X(cuCtxSetLimit)                  \
    X(cuCtxGetLimit) X(cuStreamGetFlags) X(cuLaunchHostFunc)

enum { Words = 1 << 20, Granularity = 2 << 20, Rows = 40, Columns = 300 };

static Handle context, other, stream, module, function, pool, array, started, stopped;
static Address values, counter, pooled, window;
static uint32_t *pinned, *expected;
static float milliseconds;
static uint64_t threshold = 7777, round_;
static int called, owed;

static void call(void *by) { __atomic_add_fetch(&called, (int)(intptr_t)by, __ATOMIC_SEQ_CST); }

static void setUp(void)
{
    REQUIRE(cuInit(0));
    REQUIRE(cuCtxCreate_v2(&other, 0, 0));
    REQUIRE(cuCtxCreate_v2(&context, 0, 0));
    REQUIRE(cuStreamCreate(&stream, 1));
    REQUIRE(cuModuleLoadData(&module, triple));
    REQUIRE(cuModuleGetFunction(&function, module, "triple"));
    REQUIRE(cuModuleGetGlobal_v2(&counter, NULL, module, "counter"));
    REQUIRE(cuFuncSetAttribute(function, 8, 12345));
    REQUIRE(cuCtxSetLimit(2, 3 << 20));
    REQUIRE(cuMemAlloc_v2(&values, Words * 4));
    REQUIRE(cuMemHostAlloc((void **)&pinned, Words * 4, 0));
    expected = malloc(Words * 4);
    for (int i = 0; i < Words; i++)
        expected[i] = (uint32_t)i * 2654435761u;
    REQUIRE(cuMemcpyHtoD_v2(values, expected, Words * 4));
    REQUIRE(cuMemsetD8_v2(counter, 0x5A, 4));
    PoolProps props = {1, 0, {1, 0}, NULL, 0, {0}};
    REQUIRE(cuMemPoolCreate(&pool, &props));
    REQUIRE(cuMemPoolSetAttribute(pool, 4, &threshold));
    REQUIRE(cuMemAllocFromPoolAsync(&pooled, 8192, pool, stream));
    REQUIRE(cuMemsetD8Async(pooled, 0x33, 8192, stream));
    AllocationProp prop = {1, 0, {1, 0}, NULL, 0};
    AccessDesc access = {{1, 0}, 3};
    uint64_t physical;
    REQUIRE(cuMemAddressReserve(&window, 3 * Granularity, 0, 0, 0));
    REQUIRE(cuMemCreate(&physical, Granularity, &prop, 0));
    REQUIRE(cuMemMap(window, Granularity, 0, physical, 0));
    REQUIRE(cuMemMap(window + 2 * Granularity, Granularity, 0, physical, 0));
    REQUIRE(cuMemRelease(physical));
    REQUIRE(cuMemSetAccess(window, Granularity, &access, 1));
    REQUIRE(cuMemSetAccess(window + 2 * Granularity, Granularity, &access, 1));
    REQUIRE(cuMemsetD8_v2(window + 1000, 0x44, 5000));
    ArrayDescriptor shape = {Columns, Rows, 1, 1};
    REQUIRE(cuArrayCreate_v2(&array, &shape));
    Copy2D in = {.srcType = 1, .srcHost = expected, .srcPitch = Columns, .dstType = 3, .dstArray = array,
                 .width = Columns, .height = Rows};
    REQUIRE(cuMemcpy2D_v2(&in));
    REQUIRE(cuEventCreate(&started, 0));
    REQUIRE(cuEventCreate(&stopped, 0));
    REQUIRE(cuEventRecord(started, stream));
    usleep(3000);
    REQUIRE(cuEventRecord(stopped, stream));
    REQUIRE(cuEventSynchronize(stopped));
    REQUIRE(cuEventElapsedTime(&milliseconds, started, stopped));
}

/* Changes that are under way when the session is brought to rest. */
static void change(void)
{
    unsigned count = Words;
    void *arguments[] = {&values, &count};
    EXPECT(Success, cuLaunchKernel(function, Words / 256, 1, 1, 256, 1, 1, 0, stream, arguments, NULL));
    for (uint32_t i = 0; i < Words; i++)
        expected[i] = expected[i] * 3 + i;
    EXPECT(Success, cuLaunchHostFunc(stream, call, (void *)1));
    EXPECT(Success, cuMemcpyDtoHAsync_v2(pinned, values, Words * 4, stream));
    EXPECT(Success, cuMemsetD8Async(pooled + 16, (unsigned char)round_, 16, stream));
    /* An error of a post that nobody has asked for yet. */
    EXPECT(Success, cuCtxSetCurrent(other));
    EXPECT(Success, cuMemsetD8Async(12345, 0, 16, NULL));
    EXPECT(Success, cuCtxSetCurrent(context));
    owed = 1;
    round_++;
}

static void verify(void)
{
    static uint8_t bytes[Columns * Rows];
    EXPECT(Success, cuStreamSynchronize(stream));
    CHECK(__atomic_load_n(&called, __ATOMIC_SEQ_CST) == (int)round_);
    CHECK(round_ == 0 || memcmp(pinned, expected, Words * 4) == 0);
    uint32_t *back = malloc(Words * 4);
    EXPECT(Success, cuMemcpyDtoH_v2(back, values, Words * 4));
    CHECK(memcmp(back, expected, Words * 4) == 0);
    free(back);
    uint32_t word;
    EXPECT(Success, cuMemcpyDtoH_v2(&word, counter, 4));
    CHECK(word == 0x5A5A5A5A);
    Address again;
    EXPECT(Success, cuModuleGetGlobal_v2(&again, NULL, module, "counter"));
    CHECK(again == counter);
    int attribute;
    EXPECT(Success, cuFuncGetAttribute(&attribute, 8, function));
    CHECK(attribute == 12345);
    size_t limit;
    EXPECT(Success, cuCtxGetLimit(&limit, 2));
    CHECK(limit == 3 << 20);
    unsigned flags;
    EXPECT(Success, cuStreamGetFlags(stream, &flags));
    CHECK(flags == 1);
    float now;
    EXPECT(Success, cuEventElapsedTime(&now, started, stopped));
    CHECK(now == milliseconds);
    uint64_t number;
    EXPECT(Success, cuMemPoolGetAttribute(pool, 4, &number));
    CHECK(number == threshold);
    EXPECT(Success, cuMemcpyDtoH_v2(bytes, pooled, 64));
    CHECK(bytes[0] == 0x33 && (round_ == 0 || bytes[16] == (uint8_t)(round_ - 1)) && bytes[32] == 0x33);
    EXPECT(Success, cuMemcpyDtoH_v2(bytes, window + 2 * Granularity + 999, 5002));
    CHECK(bytes[0] == 0 && bytes[1] == 0x44 && bytes[5000] == 0x44 && bytes[5001] == 0);
    Copy2D out = {.srcType = 3, .srcArray = array, .dstType = 1, .dstHost = bytes, .dstPitch = Columns,
                  .width = Columns, .height = Rows};
    EXPECT(Success, cuMemcpy2D_v2(&out));
    static uint8_t original[Columns * Rows];
    for (int i = 0; i < Columns * Rows; i += 4) {
        uint32_t value = (uint32_t)(i / 4) * 2654435761u;
        memcpy(original + i, &value, 4);
    }
    CHECK(memcmp(bytes, original, sizeof bytes) == 0);
    EXPECT(Success, cuCtxSetCurrent(other));
    if (owed)
        CHECK(cuCtxSynchronize() != Success);
    owed = 0;
    EXPECT(Success, cuCtxSynchronize());
    EXPECT(Success, cuCtxSetCurrent(context));
}

static int ends;

static void *keepBusy(void *unused)
{
    (void)unused;
    Address memory;
    unsigned char seen[256];
    EXPECT(Success, cuCtxSetCurrent(context));
    for (int i = 0; !__atomic_load_n(&ends, __ATOMIC_SEQ_CST) && failures == 0; i++) {
        EXPECT(Success, cuMemAlloc_v2(&memory, 4096));
        EXPECT(Success, cuMemsetD8Async(memory, (unsigned char)i, 4096, NULL));
        EXPECT(Success, cuMemcpyDtoH_v2(seen, memory + 1024, sizeof seen));
        for (unsigned j = 0; j < sizeof seen; j++)
            CHECK(seen[j] == (unsigned char)i);
        EXPECT(Success, cuMemFree_v2(memory));
    }
    return NULL;
}

int main(int count, char **words)
{
    void *library = openLibrary();
#define RESOLVE(name) *(void **)&name = dlsym(library, #name);
    MORE(RESOLVE)
    setUp();
    pthread_t busy;
    int isBusy = count > 1 && strcmp(words[1], "busy") == 0;
    if (isBusy)
        pthread_create(&busy, NULL, keepBusy, NULL);
    verify();
    printf("ready\n");
    fflush(stdout);
    char line[64];
    while (failures == 0 && fgets(line, sizeof line, stdin) != NULL) {
        if (line[0] == 'v')
            verify();
        else if (line[0] == 'c')
            change();
        printf("%s\n", failures == 0 ? "ok" : "wrong");
        fflush(stdout);
    }
    __atomic_store_n(&ends, 1, __ATOMIC_SEQ_CST);
    if (isBusy)
        pthread_join(busy, NULL);
    return failures == 0 ? 0 : 1;
}
