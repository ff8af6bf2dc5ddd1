/* A model that takes long to load, once: its weights have a name, so a run from an image finds them there.
 *
 *     ./weir run -- ./warm &            # cold
 *     ./weir snapshot $! /tmp/warm
 *     ./weir run --from /tmp/warm -- ./warm
 *
 * Prints "cold" or "warm" and whether the weights are right; with a number it waits so many seconds before it ends, with "-" for a line. */
#include "driver.h"
#include "../sdk/cuda/weir_session.h"
#include <unistd.h>

enum { Words = 4 << 20 };

static uint32_t weight(uint32_t i) { return i * 2654435761u ^ (i >> 3); }

int main(int count, char **arguments)
{
    char device[256];
    CUcontext context = openDevice(device);
    unsigned long long weights;
    int filled;
    uint32_t *host = malloc(Words * sizeof *host), wrong = 0;
    char line[16];
    CHECK(weirMemAlloc(&weights, Words * sizeof *host, "weights", &filled));
    if (!filled) {
        for (uint32_t i = 0; i < Words; i++)
            host[i] = weight(i);
        CHECK(cuMemcpyHtoD(weights, host, Words * sizeof *host));
    }
    memset(host, 0, Words * sizeof *host);
    CHECK(cuMemcpyDtoH(host, weights, Words * sizeof *host));
    for (uint32_t i = 0; i < Words; i++)
        wrong += host[i] != weight(i);
    printf("%s: %u of %u weights are wrong\n", filled ? "warm" : "cold", wrong, (unsigned)Words);
    fflush(stdout);
    if (count > 1 && strcmp(arguments[1], "-") == 0)
        (void)!fgets(line, sizeof line, stdin);
    else if (count > 1)
        sleep((unsigned)atoi(arguments[1]));
    CHECK(cuMemFree(weights));
    CHECK(cuCtxDestroy(context));
    free(host);
    return wrong > 0;
}
