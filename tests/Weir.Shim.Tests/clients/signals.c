/* A signal handler that calls the API while its thread may be in a call: both go on, or the inner one is told so (401). */
#define _GNU_SOURCE
#include "guest.h"

#include <signal.h>
#include <sys/time.h>
#include <time.h>

static Handle event;
static int (*record)(Handle, Handle);
static int (*query)(Handle *);
static int (*synchronize)(void);
static volatile long done, refused;

static void handler(int signal)
{
    Handle current;
    int posted = record(event, NULL), local = query(&current), waited = synchronize();
    (void)signal;
    CHECK(posted == 0 || posted == 401);
    CHECK(local == 0 || local == 401);
    CHECK(waited == 0 || waited == 401);
    if (posted == 0)
        done++;
    else
        refused++;
}

int main(void)
{
    struct itimerval every = {{0, 300}, {0, 300}}, never = {{0, 0}, {0, 0}};
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    time_t until;
    unsigned char value = 0;
    Address memory;
    begin();
    OK(CALL(cuEventCreate, Handle *, unsigned)(&event, 2));
    OK(CALL(cuMemAlloc_v2, Address *, size_t)(&memory, 4096));
    record = (int (*)(Handle, Handle))find("cuEventRecord");
    query = (int (*)(Handle *))find("cuCtxGetCurrent");
    synchronize = (int (*)(void))find("cuCtxSynchronize");
    int (*fill)(Address, unsigned char, size_t, Handle) = (int (*)(Address, unsigned char, size_t, Handle))find("cuMemsetD8Async");
    int (*back)(void *, Address, size_t) = (int (*)(void *, Address, size_t))find("cuMemcpyDtoH_v2");
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &every, NULL);
    until = time(NULL) + 2;
    for (unsigned i = 0; time(NULL) < until; i++) {
        OK(fill(memory, (unsigned char)i, 4096, NULL));
        OK(back(&value, memory + 4095, 1));
        CHECK(value == (unsigned char)i);
    }
    setitimer(ITIMER_REAL, &never, NULL);
    CHECK(done + refused > 0);
    OK(synchronize());
    return end();
}
