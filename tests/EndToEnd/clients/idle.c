/* Fills memory of the device, makes the file that its first argument names, makes no call until there is one that the second names, and
 * looks whether all is as it was: memory, a module's global, an event. */
#include "client.h"

enum { Count = 1 << 20 };

int main(int argc, char **argv)
{
    Handle context, module, function, event;
    Address memory, global;
    size_t bytes;
    unsigned *data = malloc(Count * 4), amount = Count, wrong = 0, counter = 77;
    openLibrary();
    if (argc < 3)
        return 2;
    REQUIRE(cuInit(0));
    REQUIRE(cuCtxCreate_v2(&context, 0, 0));
    REQUIRE(cuModuleLoadData(&module, triple));
    REQUIRE(cuModuleGetFunction(&function, module, "triple"));
    REQUIRE(cuModuleGetGlobal_v2(&global, &bytes, module, "counter"));
    REQUIRE(cuMemcpyHtoD_v2(global, &counter, 4));
    REQUIRE(cuMemAlloc_v2(&memory, Count * 4));
    REQUIRE(cuEventCreate(&event, 0));
    for (unsigned i = 0; i < Count; i++)
        data[i] = i * 2654435761u;
    REQUIRE(cuMemcpyHtoD_v2(memory, data, Count * 4));
    void *arguments[] = {&memory, &amount};
    REQUIRE(cuLaunchKernel(function, Count / 256, 1, 1, 256, 1, 1, 0, NULL, arguments, NULL));
    REQUIRE(cuEventRecord(event, NULL));
    REQUIRE(cuCtxSynchronize());
    fclose(fopen(argv[1], "w"));
    while (access(argv[2], F_OK) != 0)
        usleep(10000);
    REQUIRE(cuLaunchKernel(function, Count / 256, 1, 1, 256, 1, 1, 0, NULL, arguments, NULL));
    REQUIRE(cuMemcpyDtoH_v2(data, memory, Count * 4));
    REQUIRE(cuEventSynchronize(event));
    counter = 0;
    REQUIRE(cuMemcpyDtoH_v2(&counter, global, 4));
    for (unsigned i = 0; i < Count; i++)
        wrong += data[i] != (i * 2654435761u * 3 + i) * 3 + i;
    CHECK(wrong == 0);
    CHECK(counter == 77);
    printf("%s\n", failures == 0 ? "all as it was" : "something has changed");
    return failures;
}
