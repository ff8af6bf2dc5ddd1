/* Page-locked and managed memory: one address on both sides, freed with its pages, told apart by its address. */
#include "guest.h"

int main(void)
{
    enum { Count = 64 };
    char *blocks[Count];
    size_t sizes[Count];
    Address device, managed;
    unsigned flags = 0, type = 0;
    begin();
    OK(CALL(cuMemAlloc_v2, Address *, size_t)(&device, 1 << 20));
    for (int round = 0; round < 20; round++) {
        for (int i = 0; i < Count; i++) {
            sizes[i] = (size_t)(1 + (i * 7919 + round * 104729) % 300000);
            OK(CALL(cuMemHostAlloc, void **, size_t, unsigned)((void **)&blocks[i], sizes[i], 0));
            memset(blocks[i], i, sizes[i]);
        }
        for (int i = 0; i < Count; i++) {
            CHECK(blocks[i][0] == i && blocks[i][sizes[i] - 1] == i);
            /* Every other one first, so that holes come and are joined. */
            if (i % 2 == round % 2) OK(CALL(cuMemFreeHost, void *)(blocks[i]));
        }
        for (int i = 0; i < Count; i++)
            if (i % 2 != round % 2) OK(CALL(cuMemFreeHost, void *)(blocks[i]));
    }
    EXPECT(1, CALL(cuMemFreeHost, void *)(blocks[0]));
    EXPECT(1, CALL(cuMemFreeHost, void *)(&flags));
    OK(CALL(cuMemAllocHost_v2, void **, size_t)((void **)&blocks[0], 10000));
    for (int i = 0; i < 10000; i++) CHECK(blocks[0][i] == 0); /* pages come back empty */
    memset(blocks[0], 5, 10000);
    OK(CALL(cuMemHostGetDevicePointer_v2, Address *, void *, unsigned)(&managed, blocks[0], 0));
    CHECK(managed == (Address)(uintptr_t)blocks[0]);
    OK(CALL(cuMemHostGetFlags, unsigned *, void *)(&flags, blocks[0] + 9999));
    OK(CALL(cuPointerGetAttribute, void *, int, Address)(&type, 2, managed));
    CHECK(type == 1);
    OK(CALL(cuMemcpyHtoDAsync_v2, Address, const void *, size_t, Handle)(device, blocks[0], 10000, NULL));
    OK(CALL(cuCtxSynchronize, void)());
    OK(CALL(cuPointerGetAttribute, void *, int, Address)(&type, 2, device + 100));
    CHECK(type == 2);
    EXPECT(1, CALL(cuPointerGetAttribute, void *, int, Address)(&type, 2, (Address)(uintptr_t)&type));
    EXPECT(1, CALL(cuMemFree_v2, Address)(managed));
    OK(CALL(cuMemFreeHost, void *)(blocks[0]));

    OK(CALL(cuMemAllocManaged, Address *, size_t, unsigned)(&managed, 100000, 1));
    OK(CALL(cuMemsetD8_v2, Address, unsigned char, size_t)(managed, 0x5A, 100000));
    OK(CALL(cuCtxSynchronize, void)());
    for (int i = 0; i < 100000; i++)
        if (((char *)(uintptr_t)managed)[i] != 0x5A) {
            CHECK(!"what the device wrote into managed memory is not seen");
            break;
        }
    OK(CALL(cuPointerGetAttribute, void *, int, Address)(&type, 8, managed));
    CHECK(type == 1);
    EXPECT(1, CALL(cuMemFreeHost, void *)((void *)(uintptr_t)managed));
    OK(CALL(cuMemFree_v2, Address)(managed));

    EXPECT(713, CALL(cuMemHostUnregister, void *)(sizes));
    OK(CALL(cuMemHostRegister_v2, void *, size_t, unsigned)(sizes, sizeof sizes, 0));
    EXPECT(712, CALL(cuMemHostRegister_v2, void *, size_t, unsigned)(sizes + 1, 8, 0));
    OK(CALL(cuMemcpyHtoD_v2, Address, const void *, size_t)(device, sizes, sizeof sizes));
    OK(CALL(cuMemHostUnregister, void *)(sizes));
    OK(CALL(cuMemFree_v2, Address)(device));
    return end();
}
