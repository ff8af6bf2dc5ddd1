/* Two contexts on one device, as ffmpeg makes them (each hwupload_cuda its own): memory goes from one's default stream to
 * the other's, and back, with nothing but the order of the calls between them. */
#include "client.h"

enum { count = 200000, rounds = 100, bytes = count * 4 };

int main(void)
{
    Handle context[2], module[2], function[2];
    Address address;
    unsigned *data = calloc(count, 4), n = count, wrong = 0;
    openLibrary();
    REQUIRE(cuInit(0));
    for (int i = 0; i < 2; i++) {
        REQUIRE(cuCtxCreate_v2(&context[i], 0, 0));
        REQUIRE(cuModuleLoadData(&module[i], triple));
        REQUIRE(cuModuleGetFunction(&function[i], module[i], "triple"));
    }
    REQUIRE(cuMemAlloc_v2(&address, bytes));
    REQUIRE(cuMemcpyHtoD_v2(address, data, bytes));
    void *arguments[] = {&address, &n};
    for (int round = 0; round < rounds; round++) {
        EXPECT(Success, cuCtxSetCurrent(context[round % 2]));
        EXPECT(Success, cuLaunchKernel(function[round % 2], (n + 63) / 64, 1, 1, 64, 1, 1, 0, NULL, arguments, NULL));
    }
    EXPECT(Success, cuMemcpyDtoH_v2(data, address, bytes));
    for (unsigned i = 0; i < count; i++) {
        unsigned value = 0;
        for (int round = 0; round < rounds; round++)
            value = value * 3 + i;
        wrong += data[i] != value;
    }
    CHECK(wrong == 0);
    EXPECT(Success, cuCtxDestroy_v2(context[0]));
    EXPECT(Success, cuCtxDestroy_v2(context[1]));
    return failures > 100 ? 100 : failures;
}
