/* Copies of every kind and size against what memcpy would have done. */
#include "guest.h"

typedef struct {
    size_t srcX, srcY;
    unsigned srcType;
    const void *srcHost;
    Address srcDevice;
    Handle srcArray;
    size_t srcPitch, dstX, dstY;
    unsigned dstType;
    void *dstHost;
    Address dstDevice;
    Handle dstArray;
    size_t dstPitch, width, height;
} Copy2D;

enum { Host = 1, Device = 2, Unified = 4 };

static void fill(unsigned char *data, size_t bytes, unsigned seed)
{
    for (size_t i = 0; i < bytes; i++) data[i] = (unsigned char)((seed = seed * 1103515245u + 12345u) >> 16);
}

static void linear(void)
{
    static const size_t sizes[] = {1, 3, 4, 4095, 4096, 4097, 131071, 131072, 131073, 1000000, 5000011};
    for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        size_t bytes = sizes[i];
        unsigned char *from = malloc(bytes), *to = calloc(1, bytes);
        Address a, b;
        fill(from, bytes, i);
        OK(CALL(cuMemAlloc_v2, Address *, size_t)(&a, bytes));
        OK(CALL(cuMemAlloc_v2, Address *, size_t)(&b, bytes));
        OK(CALL(cuMemcpyHtoD_v2, Address, const void *, size_t)(a, from, bytes));
        OK(CALL(cuMemcpyDtoD_v2, Address, Address, size_t)(b, a, bytes));
        OK(CALL(cuMemcpyDtoH_v2, void *, Address, size_t)(to, b, bytes));
        CHECK(memcmp(from, to, bytes) == 0);
        /* The same by addresses alone, and on the thread's own default stream. */
        memset(to, 0, bytes);
        OK(CALL(cuMemsetD8_v2, Address, unsigned char, size_t)(b, 9, bytes));
        OK(CALL(cuMemcpy, Address, Address, size_t)(b, (Address)(uintptr_t)from, bytes));
        OK(CALL(cuMemcpy_ptds, Address, Address, size_t)((Address)(uintptr_t)to, b, bytes));
        CHECK(memcmp(from, to, bytes) == 0);
        OK(CALL(cuMemFree_v2, Address)(a));
        OK(CALL(cuMemFree_v2, Address)(b));
        free(from);
        free(to);
    }
}

/* Rectangles with pitches and offsets, both ways, through pageable and page-locked memory. */
static void rows(int pinned)
{
    static const struct { size_t width, height, hostPitch, x, y; } shapes[] = {
        {1, 1, 1, 0, 0},      {7, 5, 16, 3, 2},      {640, 360, 640, 0, 0},
        {1279, 97, 2000, 11, 3}, {200000, 3, 200100, 50, 1}, {131072, 2, 131072, 0, 0}};
    for (unsigned i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        size_t width = shapes[i].width, height = shapes[i].height, hostPitch = shapes[i].hostPitch;
        size_t x = shapes[i].x, y = shapes[i].y, pitch = 0, hostBytes = hostPitch * (height + y) + x;
        unsigned char *from, *to;
        Address device;
        Copy2D copy;
        if (pinned) {
            OK(CALL(cuMemHostAlloc, void **, size_t, unsigned)((void **)&from, hostBytes, 0));
            OK(CALL(cuMemHostAlloc, void **, size_t, unsigned)((void **)&to, hostBytes, 0));
        } else {
            from = malloc(hostBytes);
            to = malloc(hostBytes);
        }
        fill(from, hostBytes, i + 77);
        memset(to, 0xEE, hostBytes);
        OK(CALL(cuMemAllocPitch_v2, Address *, size_t *, size_t, size_t, unsigned)(&device, &pitch, width + 32, height + 4, 4));
        memset(&copy, 0, sizeof copy);
        copy.srcType = Host, copy.srcHost = from, copy.srcPitch = hostPitch, copy.srcX = x, copy.srcY = y;
        copy.dstType = Device, copy.dstDevice = device, copy.dstPitch = pitch, copy.dstX = 5, copy.dstY = 4;
        copy.width = width, copy.height = height;
        OK(CALL(cuMemcpy2D_v2, const Copy2D *)(&copy));
        memset(&copy, 0, sizeof copy);
        copy.srcType = Device, copy.srcDevice = device, copy.srcPitch = pitch, copy.srcX = 5, copy.srcY = 4;
        copy.dstType = Unified, copy.dstDevice = (Address)(uintptr_t)to, copy.dstPitch = hostPitch, copy.dstX = x, copy.dstY = y;
        copy.width = width, copy.height = height;
        OK(CALL(cuMemcpy2DAsync_v2, const Copy2D *, Handle)(&copy, NULL));
        OK(CALL(cuStreamSynchronize, Handle)(NULL));
        for (size_t row = 0; row < height; row++)
            CHECK(memcmp(from + (row + y) * hostPitch + x, to + (row + y) * hostPitch + x, width) == 0);
        for (size_t at = 0; at < y * hostPitch + x; at++)
            if (to[at] != 0xEE) {
                CHECK(!"bytes before the rectangle were written");
                break;
            }
        OK(CALL(cuMemFree_v2, Address)(device));
        if (pinned) {
            OK(CALL(cuMemFreeHost, void *)(from));
            OK(CALL(cuMemFreeHost, void *)(to));
        } else {
            free(from);
            free(to);
        }
    }
}

static void wrong(void)
{
    Copy2D copy;
    unsigned char data[64];
    Address device;
    OK(CALL(cuMemAlloc_v2, Address *, size_t)(&device, 64));
    EXPECT(1, CALL(cuMemcpyHtoD_v2, Address, const void *, size_t)(0, data, 4));
    EXPECT(1, CALL(cuMemcpyHtoD_v2, Address, const void *, size_t)(device, NULL, 4));
    EXPECT(1, CALL(cuMemcpyHtoD_v2, Address, const void *, size_t)(device, data, 1 << 20));
    EXPECT(1, CALL(cuMemcpyHtoD_v2, Address, const void *, size_t)(12345, data, 4));
    EXPECT(1, CALL(cuMemcpyDtoH_v2, void *, Address, size_t)(data, 12345, 4));
    EXPECT(1, CALL(cuMemcpyDtoH_v2, void *, Address, size_t)(NULL, device, 4));
    OK(CALL(cuMemcpyHtoD_v2, Address, const void *, size_t)(device, data, 0));
    EXPECT(400, CALL(cuMemcpyHtoDAsync_v2, Address, const void *, size_t, Handle)(device, data, 4, (Handle)0x1230));
    EXPECT(1, CALL(cuMemcpy2D_v2, const Copy2D *)(NULL));
    memset(&copy, 0, sizeof copy);
    EXPECT(1, CALL(cuMemcpy2D_v2, const Copy2D *)(&copy));
    copy.srcType = Host, copy.srcHost = data, copy.srcPitch = 4, copy.width = 8, copy.height = 2;
    copy.dstType = Device, copy.dstDevice = device, copy.dstPitch = 8;
    EXPECT(1, CALL(cuMemcpy2D_v2, const Copy2D *)(&copy)); /* rows reach over the pitch */
    OK(CALL(cuMemFree_v2, Address)(device));
    EXPECT(1, CALL(cuMemFree_v2, Address)(device));
    OK(CALL(cuCtxSynchronize, void)());
}

int main(void)
{
    begin();
    linear();
    rows(0);
    rows(1);
    wrong();
    return end();
}
