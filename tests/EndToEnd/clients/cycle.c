/* Starts itself again and again, one client after the other, each with a session of its own; the worker that a client
 * leaves and the descriptors of this process must not add up. */
#include "client.h"

#include <dirent.h>
#include <sys/wait.h>
#include <unistd.h>

static int openDescriptors(void)
{
    int count = 0;
    DIR *folder = opendir("/proc/self/fd");
    while (readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count;
}

int main(int argc, char **argv)
{
    int count = argc > 1 ? atoi(argv[1]) : 1, before = openDescriptors();
    if (argc > 2) {
        Handle context;
        Address address;
        openLibrary();
        REQUIRE(cuInit(0));
        EXPECT(Success, cuCtxCreate_v2(&context, 0, 0));
        EXPECT(Success, cuMemAlloc_v2(&address, 1 << 20));
        EXPECT(Success, cuMemsetD8_v2(address, 1, 1 << 20));
        EXPECT(Success, cuCtxSynchronize());
        return failures;
    }
    for (int i = 0; i < count; i++) {
        int status = -1;
        pid_t child = fork();
        if (child == 0) {
            execl(argv[0], argv[0], "1", "client", (char *)NULL);
            _exit(99);
        }
        CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
        if (failures > 0)
            return failures;
    }
    /* The same within one process: contexts that come and go. */
    openLibrary();
    REQUIRE(cuInit(0));
    for (int i = 0; i < count; i++) {
        Handle context;
        Address address;
        EXPECT(Success, cuCtxCreate_v2(&context, 0, 0));
        EXPECT(Success, cuMemAlloc_v2(&address, 1 << 20));
        EXPECT(Success, cuCtxDestroy_v2(context));
        if (i == 0)
            before = openDescriptors();
    }
    CHECK(openDescriptors() == before);
    return failures > 100 ? 100 : failures;
}
