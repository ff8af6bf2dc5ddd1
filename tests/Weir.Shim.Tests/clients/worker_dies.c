/* The worker is killed while a thread waits in it: the wait ends with an error, and so does every later call. */
#include "guest.h"

#include <pthread.h>
#include <signal.h>

/* The worker's id stands at the start of the session's segment: magic, version, id (src/Weir.Wire/ControlPage.cs). */
static int worker(void)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[512];
    int id = -1;
    while (maps != NULL && fgets(line, sizeof line, maps) != NULL) {
        uintptr_t start = strtoull(line, NULL, 16);
        if (strstr(line, "memfd:") != NULL && strstr(line, "rw-s") != NULL && memcmp((char *)start, "WEIRSEG", 8) == 0)
            id = ((int *)start)[3];
    }
    if (maps != NULL) fclose(maps);
    return id;
}

static void *killWorker(void *id)
{
    usleep(300000);
    CHECK(kill(*(int *)id, SIGKILL) == 0);
    return NULL;
}

static void sleepy(void *unused)
{
    (void)unused;
    sleep(60);
}

int main(void)
{
    static char data[1 << 20];
    Address memory;
    pthread_t killer;
    int id;
    begin();
    id = worker();
    CHECK(id > 1);
    if (id <= 1) return end();
    OK(CALL(cuMemAlloc_v2, Address *, size_t)(&memory, sizeof data));
    OK(CALL(cuCtxSynchronize, void)());
    OK(CALL(cuLaunchHostFunc, Handle, void (*)(void *), void *)(NULL, sleepy, NULL));
    CHECK(pthread_create(&killer, NULL, killWorker, &id) == 0);
    EXPECT(46, CALL(cuCtxSynchronize, void)());
    pthread_join(killer, NULL);
    EXPECT(46, CALL(cuCtxSynchronize, void)());
    CHECK(CALL(cuMemcpyDtoH_v2, void *, Address, size_t)(data, memory, sizeof data) != 0);
    CHECK(CALL(cuMemcpyHtoD_v2, Address, const void *, size_t)(memory, data, sizeof data) != 0);
    return end();
}
