/* Host functions run in stream order, once each, on a thread of the program, and the stream waits for them. */
#include "guest.h"

#include <pthread.h>

static volatile int order[300];
static volatile int ran;
static pthread_t mainThread;
static Handle expectedStream;

static void function(void *data)
{
    CHECK(!pthread_equal(pthread_self(), mainThread));
    order[ran] = (int)(intptr_t)data;
    ran = ran + 1;
}

static void callback(Handle stream, int status, void *data)
{
    CHECK(stream == expectedStream && status == 0);
    usleep(200);
    function(data);
}

int main(void)
{
    Handle stream;
    mainThread = pthread_self();
    begin();
    long threads = status("Threads:");
    OK(CALL(cuStreamCreate, Handle *, unsigned)(&stream, 0));
    expectedStream = stream;
    CHECK(status("Threads:") == threads); /* no thread before one is needed */
    for (intptr_t i = 0; i < 300; i++)
        if (i % 3 == 0)
            OK(CALL(cuStreamAddCallback, Handle, void (*)(Handle, int, void *), void *, unsigned)(stream, callback, (void *)i, 0));
        else
            OK(CALL(cuLaunchHostFunc, Handle, void (*)(void *), void *)(stream, function, (void *)i));
    OK(CALL(cuStreamSynchronize, Handle)(stream));
    CHECK(ran == 300);
    for (int i = 0; i < 300; i++) CHECK(order[i] == i);
    EXPECT(1, CALL(cuStreamAddCallback, Handle, void *, void *, unsigned)(stream, NULL, NULL, 0));
    EXPECT(400, CALL(cuLaunchHostFunc, Handle, void (*)(void *), void *)((Handle)0x50, function, NULL));
    OK(CALL(cuStreamDestroy_v2, Handle)(stream));
    return end();
}
