// A driver library with a few calls, to test how a real one is reached.
typedef unsigned long long CUdeviceptr;

#ifdef MARKED
const int weir_shim_marker = 1;
#endif

int cuInit(unsigned flags) { return flags == 0 ? RESULT : 1; }

int cuDeviceGetCount(int *count)
{
    *count = DEVICES;
    return 0;
}

int cuMemAlloc_v2(CUdeviceptr *dptr, unsigned long bytesize)
{
    if (bytesize == 0)
        return 1;
    *dptr = 0x700000000000ull + bytesize;
    return 0;
}

int cuMemsetD2D8_v2(CUdeviceptr dst, unsigned long pitch, unsigned char uc, unsigned long width, unsigned long height)
{
    return (int)(dst + 2 * pitch + 3 * uc + 5 * width + 7 * height);
}
