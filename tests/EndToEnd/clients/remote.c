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

typedef struct {
    size_t srcXInBytes, srcY, srcZ, srcLOD;
    int srcMemoryType;
    const void *srcHost;
    Address srcDevice;
    Handle srcArray;
    void *reserved0;
    size_t srcPitch, srcHeight;
    size_t dstXInBytes, dstY, dstZ, dstLOD;
    int dstMemoryType;
    void *dstHost;
    Address dstDevice;
    Handle dstArray;
    void *reserved1;
    size_t dstPitch, dstHeight;
    size_t WidthInBytes, Height, Depth;
} Copy3D;

typedef struct {
    size_t Width, Height, Depth;
    int Format;
    unsigned NumChannels, Flags;
} ArrayShape;

/* A box out of the middle of one volume goes to another place of a second one, and from there back: between page-locked memory
 * and the device's memory, and between page-locked memory and an array. */
static void boxes(void *library, Address device, unsigned char *up, unsigned char *down, Handle stream) {
    enum { W = 600, H = 90, D = 40, Width3 = 512, Height3 = 70, Depth3 = 30 };
    int (*copy3d)(const Copy3D *, Handle), (*create)(Handle *, const ArrayShape *), (*destroy)(Handle), (*both)(const Copy3D *);
    Handle array;
    *(void **)&copy3d = dlsym(library, "cuMemcpy3DAsync_v2");
    *(void **)&both = dlsym(library, "cuMemcpy3D_v2");
    *(void **)&create = dlsym(library, "cuArray3DCreate_v2");
    *(void **)&destroy = dlsym(library, "cuArrayDestroy");
    ArrayShape shape = {.Width = Width3, .Height = Height3, .Depth = Depth3, .Format = 1, .NumChannels = 1};
    EXPECT(Success, create(&array, &shape));
    for (int to = 0; to < 2; to++) {
        Copy3D in = {.srcXInBytes = 40, .srcY = 5, .srcZ = 3, .srcMemoryType = 1, .srcHost = up, .srcPitch = W, .srcHeight = H,
                     .WidthInBytes = Width3, .Height = Height3, .Depth = Depth3};
        Copy3D out = {.dstXInBytes = 17, .dstY = 9, .dstZ = 7, .dstMemoryType = 1, .dstHost = down, .dstPitch = W, .dstHeight = H,
                      .WidthInBytes = Width3, .Height = Height3, .Depth = Depth3};
        if (to == 0) {
            in.dstMemoryType = out.srcMemoryType = 2;
            in.dstDevice = out.srcDevice = device;
            in.dstPitch = out.srcPitch = 768;
            in.dstHeight = out.srcHeight = 80;
            in.dstXInBytes = out.srcXInBytes = 100;
            in.dstY = out.srcY = 2;
            in.dstZ = out.srcZ = 1;
        } else {
            in.dstMemoryType = out.srcMemoryType = 3;
            in.dstArray = out.srcArray = array;
        }
        for (int i = 0; i < W * H * D; i++) up[i] = (unsigned char)(i * 13 + i / 256 + to);
        memset(down, 9, W * H * D);
        EXPECT(Success, copy3d(&in, stream));
        EXPECT(Success, copy3d(&out, stream));
        EXPECT(Success, cuStreamSynchronize(stream));
        int wrong = 0;
        for (int z = 0; z < D; z++)
            for (int y = 0; y < H; y++)
                for (int x = 0; x < W; x++) {
                    int inside = x >= 17 && x < 17 + Width3 && y >= 9 && y < 9 + Height3 && z >= 7 && z < 7 + Depth3;
                    unsigned char wanted = inside ? up[((z - 7 + 3) * H + y - 9 + 5) * W + x - 17 + 40] : 9;
                    wrong += down[(z * H + y) * W + x] != wanted;
                }
        CHECK(wrong == 0);
    }
    /* Both sides page-locked: no device has to do with it, but the order of the stream counts all the same. */
    Copy3D here = {.srcMemoryType = 1, .srcHost = up, .srcPitch = W, .srcHeight = H, .dstMemoryType = 1, .dstHost = down,
                   .dstPitch = W, .dstHeight = H, .dstZ = 1, .WidthInBytes = 33, .Height = 4, .Depth = 2};
    memset(down, 0, 3 * W * H);
    EXPECT(Success, both(&here));
    CHECK(memcmp(down + W * H, up, 33) == 0 && down[W * H + 33] == 0);
    CHECK(memcmp(down + (2 * H + 3) * W, up + (H + 3) * W, 33) == 0);
    EXPECT(Success, destroy(array));
}

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

    boxes(library, device, up, down, stream);
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
