/* Many short threads, more in all than there are rings, several at once; objects made and ended by each. */
#include "guest.h"

#include <pthread.h>

static Handle context;
static int rounds;

static void *use(void *unused)
{
    Handle stream, event;
    Address memory;
    unsigned char byte = 0;
    (void)unused;
    OK(CALL(cuCtxSetCurrent, Handle)(context));
    OK(CALL(cuStreamCreate, Handle *, unsigned)(&stream, 1));
    OK(CALL(cuEventCreate, Handle *, unsigned)(&event, 0));
    OK(CALL(cuMemAlloc_v2, Address *, size_t)(&memory, 64));
    OK(CALL(cuMemsetD8Async, Address, unsigned char, size_t, Handle)(memory, 0x42, 64, stream));
    OK(CALL(cuEventRecord, Handle, Handle)(event, stream));
    OK(CALL(cuEventSynchronize, Handle)(event));
    OK(CALL(cuMemcpyDtoH_v2, void *, Address, size_t)(&byte, memory + 63, 1));
    CHECK(byte == 0x42);
    OK(CALL(cuMemFree_v2, Address)(memory));
    OK(CALL(cuEventDestroy_v2, Handle)(event));
    OK(CALL(cuStreamDestroy_v2, Handle)(stream));
    return NULL;
}

int main(int argc, char **argv)
{
    enum { AtOnce = 16 };
    pthread_t threads[AtOnce];
    rounds = argc > 1 ? atoi(argv[1]) : 100;
    context = begin();
    find("cuEventSynchronize"); /* resolve once before threads do */
    for (int i = 0; i < rounds; i++) {
        for (int t = 0; t < AtOnce; t++) CHECK(pthread_create(&threads[t], NULL, use, NULL) == 0);
        for (int t = 0; t < AtOnce; t++) pthread_join(threads[t], NULL);
    }
    return end();
}
