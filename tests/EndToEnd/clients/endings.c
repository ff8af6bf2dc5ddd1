/* Ends in the way that its argument names, in the middle of things. */
#include "client.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

static Handle context;
static Address address;

static void *spin(void *unused)
{
    char data[256];
    cuCtxSetCurrent(context);
    for (;;) {
        cuMemcpyDtoH_v2(data, address, sizeof data);
        cuMemsetD8_v2(address, 1, sizeof data);
    }
    return unused;
}

static void late(void)
{
    char data[16];
    if (cuCtxSetCurrent(context) != Success || cuMemcpyDtoH_v2(data, address, sizeof data) != Success)
        _exit(50);
}

int main(int argc, char **argv)
{
    pthread_t thread;
    const char *way = argc > 1 ? argv[1] : "";
    void *library = openLibrary();
    REQUIRE(cuInit(0));
    EXPECT(Success, cuCtxCreate_v2(&context, 0, 0));
    EXPECT(Success, cuMemAlloc_v2(&address, 4096));
    if (strcmp(way, "atexit") == 0) {
        atexit(late);
        return failures;
    }
    if (strcmp(way, "dlclose") == 0) {
        /* The library stays loaded: what was resolved before still works, and it can be opened again. */
        for (int i = 0; i < 20; i++) {
            CHECK(dlclose(library) == 0);
            EXPECT(Success, cuMemsetD8_v2(address, 7, 4096));
            EXPECT(Success, cuCtxSynchronize());
            library = openLibrary();
        }
        dlclose(library);
        return failures;
    }
    if (strcmp(way, "both-names") == 0) {
        /* One library under several names. */
        void *other = dlopen("libnvidia-ml.so.1", RTLD_NOW);
        CHECK(other != NULL);
        if (other != NULL) {
            int (*nvmlInit)(void) = (int (*)(void))dlsym(other, "nvmlInit_v2");
            CHECK(nvmlInit != NULL && nvmlInit() == 0);
            CHECK(dlclose(other) == 0);
        }
        dlclose(library);
        return failures;
    }
    for (int i = 0; i < 4; i++)
        pthread_create(&thread, NULL, spin, NULL);
    usleep(20000);
    if (strcmp(way, "exit") == 0)
        exit(failures);
    if (strcmp(way, "quick_exit") == 0)
        quick_exit(failures);
    if (strcmp(way, "_exit") == 0)
        _exit(failures);
    if (strcmp(way, "kill") == 0)
        kill(getpid(), SIGKILL);
    if (strcmp(way, "abort") == 0)
        abort();
    return 99;
}
