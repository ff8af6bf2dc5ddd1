/* Page-locked memory of a program whose device is on another node: copies reach it, kernels do not. */
#include "client.h"

enum { Bytes = 9 << 20, Rows = 700, Width = 3000, Pitch = 4096 };

typedef struct {
    size_t srcXInBytes, srcY;
    int srcMemoryType;
    const void *srcHost;
    Address srcDevice;
    Handle srcArray;
    size_t srcPitch;
    size_t dstXInBytes, dstY;
    int dstMemoryType;
    void *dstHost;
    Address dstDevice;
    Handle dstArray;
    size_t dstPitch;
    size_t WidthInBytes, Height;
} Copy2D;

int main(void) {
    Handle context, stream;
    Address device, managed;
    unsigned char *up, *down, *there;
    int (*copy2d)(const Copy2D *, Handle), (*copy)(Address, Address, size_t);
    int (*pointer)(Address *, void *, unsigned), (*allocate_managed)(Address *, size_t, unsigned);
    void *library = openLibrary();
    *(void **)&copy2d = dlsym(library, "cuMemcpy2DAsync_v2");
    *(void **)&copy = dlsym(library, "cuMemcpy");
    *(void **)&pointer = dlsym(library, "cuMemHostGetDevicePointer_v2");
    *(void **)&allocate_managed = dlsym(library, "cuMemAllocManaged");
    EXPECT(Success, cuInit(0));
    EXPECT(Success, cuCtxCreate_v2(&context, 0, 0));
    EXPECT(Success, cuStreamCreate(&stream, 1));
    EXPECT(Success, cuMemAlloc_v2(&device, Bytes));
    EXPECT(Success, cuMemHostAlloc((void **)&up, Bytes, 0));
    EXPECT(Success, cuMemHostAlloc((void **)&down, Bytes, 0));

    /* Larger than a piece, not a multiple of one, and changed as soon as the stream says that it was read. */
    for (int round = 0; round < 3; round++) {
        int wrong = 0;
        for (int i = 0; i < Bytes; i++) up[i] = (unsigned char)(i * 7 + i / 4096 + round);
        EXPECT(Success, cuMemcpyHtoDAsync_v2(device, up, Bytes - 13, stream));
        EXPECT(Success, cuStreamSynchronize(stream));
        memset(up, 0xEE, Bytes);
        memset(down, 0, Bytes);
        EXPECT(Success, cuMemcpyDtoHAsync_v2(down, device, Bytes - 13, stream));
        EXPECT(Success, cuStreamSynchronize(stream));
        for (int i = 0; i < Bytes - 13; i++) wrong += down[i] != (unsigned char)(i * 7 + i / 4096 + round);
        CHECK(wrong == 0);
        CHECK(down[Bytes - 13] == 0);
    }

    /* Rows with different pitches on both sides. */
    Copy2D rows = {.srcMemoryType = 1, .srcHost = up, .srcPitch = Pitch, .dstMemoryType = 2, .dstDevice = device,
                   .dstPitch = Width + 72, .WidthInBytes = Width, .Height = Rows};
    for (int i = 0; i < Bytes; i++) up[i] = (unsigned char)(i * 11 + i / 8192);
    EXPECT(Success, copy2d(&rows, stream));
    rows = (Copy2D){.srcMemoryType = 2, .srcDevice = device, .srcPitch = Width + 72, .dstMemoryType = 1, .dstHost = down,
                    .dstPitch = Pitch, .WidthInBytes = Width, .Height = Rows};
    memset(down, 1, Bytes);
    EXPECT(Success, copy2d(&rows, stream));
    EXPECT(Success, cuStreamSynchronize(stream));
    int wrong = 0;
    for (int y = 0; y < Rows; y++)
        for (int x = 0; x < Pitch; x++)
            wrong += down[y * Pitch + x] != (x < Width ? up[y * Pitch + x] : 1);
    CHECK(wrong == 0);

    /* Between two ranges of page-locked memory, in order with the copies around it. */
    EXPECT(Success, cuMemcpyDtoHAsync_v2(up, device, 4096, 0));
    EXPECT(Success, copy((Address)(uintptr_t)(down + 100), (Address)(uintptr_t)up, 3000));
    CHECK(memcmp(down + 100, up, 3000) == 0);

    EXPECT(NotSupported, pointer(&managed, up, 0));
    EXPECT(NotSupported, allocate_managed(&managed, 4096, 1));
    there = malloc(64);
    memset(there, 3, 64);
    EXPECT(Success, cuMemcpyHtoD_v2(device, there, 64));
    EXPECT(Success, cuMemFreeHost(up));
    EXPECT(Success, cuMemFreeHost(down));
    EXPECT(Success, cuMemFree_v2(device));
    EXPECT(Success, cuCtxDestroy_v2(context));
    return failures == 0 ? 0 : 1;
}
