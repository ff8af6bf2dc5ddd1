/* Launches one kernel of so many blocks, each of which counts itself, and says "started" and "done". A second number: so many launches,
 * one behind the other. */
#include "client.h"

static const char *KERNEL =
    ".version 7.0\n.target sm_70\n.address_size 64\n"
    ".visible .entry count(.param .u64 counter) {\n"
    ".reg .u64 %rd<2>; .reg .u32 %r<2>; .reg .pred %p<2>;\n"
    "ld.param.u64 %rd1, [counter];\n"
    "mov.u32 %r1, %tid.x; setp.ne.u32 %p1, %r1, 0; @%p1 bra done;\n"
    "red.global.add.u32 [%rd1], 1;\n"
    "done: ret; }\n";

int main(int argc, char **argv)
{
    unsigned blocks = argc > 1 ? (unsigned)atoi(argv[1]) : 1, launches = argc > 2 ? (unsigned)atoi(argv[2]) : 1, counted = 0;
    Handle context, module, kernel;
    Address counter;
    void *parameters[] = {&counter};
    openLibrary();
    REQUIRE(cuInit(0));
    REQUIRE(cuCtxCreate_v2(&context, 0, 0));
    REQUIRE(cuMemAlloc_v2(&counter, 4));
    REQUIRE(cuMemsetD8_v2(counter, 0, 4));
    REQUIRE(cuModuleLoadData(&module, KERNEL));
    REQUIRE(cuModuleGetFunction(&kernel, module, "count"));
    REQUIRE(cuLaunchKernel(kernel, blocks, 1, 1, 32, 1, 1, 0, NULL, parameters, NULL));
    puts("started");
    fflush(stdout);
    for (unsigned i = 1; i < launches; i++)
        REQUIRE(cuLaunchKernel(kernel, blocks, 1, 1, 32, 1, 1, 0, NULL, parameters, NULL));
    REQUIRE(cuMemcpyDtoH_v2(&counted, counter, 4));
    CHECK(counted == blocks * launches);
    puts("done");
    return failures;
}
