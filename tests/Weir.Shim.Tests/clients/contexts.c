/* Current contexts by thread, primary contexts by count, stale handles. */
#include "guest.h"

#include <pthread.h>

static Handle first, second;

static void *other(void *unused)
{
    Handle current = first;
    (void)unused;
    OK(CALL(cuCtxGetCurrent, Handle *)(&current));
    CHECK(current == NULL);
    EXPECT(201, CALL(cuCtxSynchronize, void)());
    EXPECT(201, CALL(cuCtxPopCurrent_v2, Handle *)(&current));
    OK(CALL(cuCtxSetCurrent, Handle)(second));
    OK(CALL(cuCtxSynchronize, void)());
    return NULL;
}

int main(void)
{
    Handle current = NULL, primary = NULL, again = NULL, stale;
    unsigned flags = 99;
    int active = 9, device = 7;
    pthread_t thread;
    first = begin();
    OK(CALL(cuCtxCreate_v2, Handle *, unsigned, int)(&second, 0, 0));
    OK(CALL(cuCtxGetCurrent, Handle *)(&current));
    CHECK(current == second);
    OK(CALL(cuCtxPopCurrent_v2, Handle *)(&current));
    CHECK(current == second);
    OK(CALL(cuCtxGetCurrent, Handle *)(&current));
    CHECK(current == first);
    OK(CALL(cuCtxGetDevice, int *)(&device));
    CHECK(device == 0);
    CHECK(pthread_create(&thread, NULL, other, NULL) == 0);
    pthread_join(thread, NULL);
    OK(CALL(cuDevicePrimaryCtxGetState, int, unsigned *, int *)(0, &flags, &active));
    CHECK(active == 0 && flags == 0);
    OK(CALL(cuDevicePrimaryCtxRetain, Handle *, int)(&primary, 0));
    OK(CALL(cuDevicePrimaryCtxRetain, Handle *, int)(&again, 0));
    CHECK(primary == again);
    OK(CALL(cuDevicePrimaryCtxGetState, int, unsigned *, int *)(0, &flags, &active));
    CHECK(active == 1);
    OK(CALL(cuCtxSetCurrent, Handle)(primary));
    OK(CALL(cuCtxSynchronize, void)());
    EXPECT(201, CALL(cuCtxDestroy_v2, Handle)(primary));
    OK(CALL(cuDevicePrimaryCtxRelease_v2, int)(0));
    OK(CALL(cuCtxSynchronize, void)());
    OK(CALL(cuDevicePrimaryCtxRelease_v2, int)(0));
    EXPECT(201, CALL(cuDevicePrimaryCtxRelease_v2, int)(0));
    CHECK(CALL(cuCtxSynchronize, void)() != 0);
    OK(CALL(cuDevicePrimaryCtxRetain, Handle *, int)(&again, 0));
    OK(CALL(cuDevicePrimaryCtxRelease_v2, int)(0));
    EXPECT(101, CALL(cuDevicePrimaryCtxRetain, Handle *, int)(&again, 64));
    stale = second;
    OK(CALL(cuCtxDestroy_v2, Handle)(second));
    EXPECT(201, CALL(cuCtxDestroy_v2, Handle)(stale));
    EXPECT(201, CALL(cuCtxSetCurrent, Handle)(stale));
    EXPECT(201, CALL(cuCtxPushCurrent_v2, Handle)((Handle)0x1234));
    OK(CALL(cuCtxSetCurrent, Handle)(first));
    OK(CALL(cuCtxDestroy_v2, Handle)(first));
    OK(CALL(cuCtxGetCurrent, Handle *)(&current));
    CHECK(current == NULL);
    for (int i = 0; i < 200; i++) {
        OK(CALL(cuCtxCreate_v2, Handle *, unsigned, int)(&first, 0, 0));
        OK(CALL(cuCtxDestroy_v2, Handle)(first));
    }
    return end();
}
