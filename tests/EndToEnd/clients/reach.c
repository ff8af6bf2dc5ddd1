/* A kernel of a program whose device is on another node is given page-locked memory of this one: an illegal access, as for any
 * address that is not the device's, and nothing is written. */
#include "client.h"

int main(void) {
    enum { Count = 64 };
    Handle context, module, function;
    uint32_t *pinned, amount = Count;
    Address address;
    openLibrary();
    REQUIRE(cuInit(0));
    REQUIRE(cuCtxCreate_v2(&context, 0, 0));
    REQUIRE(cuModuleLoadData(&module, triple));
    REQUIRE(cuModuleGetFunction(&function, module, "triple"));
    REQUIRE(cuMemHostAlloc((void **)&pinned, Count * 4, 0));
    for (int i = 0; i < Count; i++) pinned[i] = 1;
    address = (Address)(uintptr_t)pinned;
    void *arguments[] = {&address, &amount};
    REQUIRE(cuLaunchKernel(function, 1, 1, 1, Count, 1, 1, 0, NULL, arguments, NULL));
    EXPECT(IllegalAddress, cuCtxSynchronize());
    for (int i = 0; i < Count; i++) CHECK(pinned[i] == 1);
    /* The context is lost, as the API says; the program goes on. */
    EXPECT(IllegalAddress, cuMemAlloc_v2(&address, 16));
    return failures == 0 ? 0 : 1;
}
