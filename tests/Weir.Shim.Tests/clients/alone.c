/* Without a broker: every name opens the same library, it is silent, changes nothing, and says that there is no device. */
#include "guest.h"

#include <signal.h>

int main(void)
{
    struct sigaction before[64], after[64];
    long threads = status("Threads:"), memory = status("VmRSS:"), addresses = status("VmSize:");
    int count, version = 0;
    const char *text = NULL;
    memset(before, 0, sizeof before);
    memset(after, 0, sizeof after);
    for (int s = 1; s < 64; s++) sigaction(s, NULL, &before[s]);
    void *names[] = {dlopen("libcuda.so.1", RTLD_NOW), dlopen("libnvidia-ml.so.1", RTLD_LAZY),
                     dlopen("libcuda.so", RTLD_NOW | RTLD_GLOBAL)};
    CHECK(names[0] != NULL && names[0] == names[1] && names[1] == names[2]);
    CHECK(dlsym(names[0], "weir_shim_marker") != NULL);
    EXPECT(3, CALL(cuDeviceGetCount, int *)(&count));
    EXPECT(3, CALL(cuCtxSynchronize, void)());
    EXPECT(1, CALL(cuInit, unsigned)(7));
    EXPECT(100, CALL(cuInit, unsigned)(0));
    EXPECT(3, CALL(cuMemAlloc_v2, Address *, size_t)(NULL, 1));
    OK(CALL(cuDriverGetVersion, int *)(&version));
    CHECK(version == 13000);
    OK(CALL(cuGetErrorName, int, const char **)(100, &text));
    CHECK(text != NULL && strcmp(text, "CUDA_ERROR_NO_DEVICE") == 0);
    EXPECT(1, CALL(cuGetErrorString, int, const char **)(12345, &text));
    CHECK(text == NULL);
    EXPECT(9, CALL(nvmlInit_v2, void)());
    EXPECT(1, CALL(nvmlShutdown, void)());
    for (int s = 1; s < 64; s++) {
        sigaction(s, NULL, &after[s]);
        CHECK(before[s].sa_handler == after[s].sa_handler && before[s].sa_flags == after[s].sa_flags);
    }
    CHECK(status("Threads:") == threads);
    CHECK(status("VmRSS:") - memory < 4096);
    CHECK(status("VmSize:") - addresses < 65536);
    for (int i = 0; i < 3; i++) dlclose(names[i]);
    CHECK(dlopen("libcuda.so.1", RTLD_NOW | RTLD_NOLOAD) != NULL);
    EXPECT(100, CALL(cuInit, unsigned)(0));
    return end();
}
