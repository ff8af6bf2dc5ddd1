/* fork: a child of a process that uses the API gets an error from it; one of a process that does not is unharmed. */
#include "client.h"

#include <sys/wait.h>
#include <unistd.h>

static int useAll(void)
{
    Handle context, module, function;
    Address address;
    unsigned data[32] = {0}, count = 32;
    REQUIRE(cuInit(0));
    EXPECT(Success, cuCtxCreate_v2(&context, 0, 0));
    EXPECT(Success, cuModuleLoadData(&module, triple));
    EXPECT(Success, cuModuleGetFunction(&function, module, "triple"));
    EXPECT(Success, cuMemAlloc_v2(&address, sizeof data));
    EXPECT(Success, cuMemcpyHtoD_v2(address, data, sizeof data));
    void *arguments[] = {&address, &count};
    EXPECT(Success, cuLaunchKernel(function, 1, 1, 1, 32, 1, 1, 0, NULL, arguments, NULL));
    EXPECT(Success, cuMemcpyDtoH_v2(data, address, sizeof data));
    CHECK(data[31] == 31);
    EXPECT(Success, cuMemFree_v2(address));
    return failures;
}

static void waitFor(pid_t child)
{
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int main(int argc, char **argv)
{
    pid_t child;
    openLibrary();
    if (argc > 1)
        return useAll();

    /* Before the parent has used the API: the child has it to itself. */
    child = fork();
    if (child == 0)
        _exit(useAll());
    waitFor(child);

    CHECK(useAll() == 0);

    /* After: every call of the child answers with an error, at once, and the parent goes on. */
    for (int i = 0; i < 20; i++) {
        child = fork();
        if (child == 0) {
            Address address;
            Handle context;
            int count;
            EXPECT(NotInitialized, cuMemAlloc_v2(&address, 16));
            EXPECT(NotInitialized, cuCtxSynchronize());
            EXPECT(NotInitialized, cuCtxCreate_v2(&context, 0, 0));
            EXPECT(NotInitialized, cuDeviceGetCount(&count));
            EXPECT(NotInitialized, cuInit(0));
            exit(failures);
        }
        waitFor(child);
        EXPECT(Success, cuCtxSynchronize());
    }

    /* A child that becomes another program starts afresh. */
    child = fork();
    if (child == 0) {
        execl(argv[0], argv[0], "again", (char *)NULL);
        _exit(99);
    }
    waitFor(child);
    EXPECT(Success, cuCtxSynchronize());
    return failures > 100 ? 100 : failures;
}
