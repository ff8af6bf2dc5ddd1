/* replayed STEPS SEED THREADS: each thread does random things with a context of its own and folds all that it is told into a hash. What it
   prints depends on the arguments only, whatever becomes of its workers. Says "at N" at each eighth of the way (first thread). */
#include "client.h"

#include <pthread.h>

enum { Slots = 6, MostBytes = 3 << 20 };

typedef struct {
    unsigned number, steps;
    uint64_t random, hash;
} Thread;

static uint64_t next(Thread *t)
{
    t->random ^= t->random << 13;
    t->random ^= t->random >> 7;
    t->random ^= t->random << 17;
    return t->random;
}

static void fold(Thread *t, const void *data, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        t->hash = (t->hash ^ ((const uint8_t *)data)[i]) * 1099511628211u;
}

static void foldResult(Thread *t, int result) { fold(t, &result, sizeof result); }

static void *run(void *argument)
{
    Thread *t = argument;
    Handle context, stream, module, function, event;
    Address memory[Slots] = {0}, counter;
    size_t bytes[Slots] = {0}, counterBytes;
    uint8_t *host = malloc(MostBytes);
    REQUIRE(cuCtxCreate_v2(&context, 0, 0));
    REQUIRE(cuStreamCreate(&stream, 0));
    REQUIRE(cuEventCreate(&event, 0));
    REQUIRE(cuModuleLoadData(&module, triple));
    REQUIRE(cuModuleGetFunction(&function, module, "triple"));
    REQUIRE(cuModuleGetGlobal_v2(&counter, &counterBytes, module, "counter"));
    for (unsigned step = 1; step <= t->steps; step++) {
        unsigned slot = next(t) % Slots, other = next(t) % Slots;
        size_t part = bytes[slot] > 0 ? 4 + next(t) % (bytes[slot] - 3) : 0;
        uint32_t count = (uint32_t)(part / 4);
        switch (next(t) % 12) {
        case 0:
        case 1:
            if (memory[slot] == 0) {
                bytes[slot] = 4096 + next(t) % (MostBytes - 4096);
                REQUIRE(cuMemAlloc_v2(&memory[slot], bytes[slot]));
                REQUIRE(cuMemsetD8_v2(memory[slot], (unsigned char)next(t), bytes[slot]));
            }
            break;
        case 2:
            if (memory[slot] != 0 && next(t) % 3 == 0) {
                REQUIRE(cuMemFree_v2(memory[slot]));
                memory[slot] = 0;
                bytes[slot] = 0;
            }
            break;
        case 3:
            for (size_t i = 0; i + 8 <= part; i += 8)
                *(uint64_t *)(host + i) = next(t);
            if (memory[slot] != 0)
                REQUIRE(cuMemcpyHtoD_v2(memory[slot], host, part / 8 * 8));
            break;
        case 4:
        case 5:
            if (memory[slot] != 0) {
                void *arguments[] = {&memory[slot], &count};
                REQUIRE(cuLaunchKernel(function, (count + 255) / 256, 1, 1, 256, 1, 1, 0, stream, arguments, NULL));
            }
            break;
        case 6:
            if (memory[slot] != 0) {
                REQUIRE(cuMemcpyDtoH_v2(host, memory[slot] + bytes[slot] - part, part));
                fold(t, host, part);
            }
            break;
        case 7:
            if (memory[slot] != 0 && memory[other] != 0 && slot != other && part <= bytes[other])
                REQUIRE(cuMemcpyDtoDAsync_v2(memory[other], memory[slot], part, stream));
            break;
        case 8:
            if (memory[slot] != 0)
                REQUIRE(cuMemsetD8Async(memory[slot] + bytes[slot] - part, (unsigned char)next(t), part, stream));
            break;
        case 9:
            REQUIRE(cuEventRecord(event, stream));
            foldResult(t, cuEventSynchronize(event));
            break;
        case 10:
            foldResult(t, cuStreamSynchronize(stream));
            if (memory[slot] != 0) {
                REQUIRE(cuMemcpyDtoH_v2(host, memory[slot], 4));
                fold(t, host, 4);
            }
            break;
        case 11:
            if (next(t) % 4 == 0) {
                Address none;
                foldResult(t, cuMemAlloc_v2(&none, (size_t)1 << 50));
            } else if (next(t) % 2 == 0) {
                REQUIRE(cuStreamSynchronize(stream));
                REQUIRE(cuModuleUnload(module));
                REQUIRE(cuModuleLoadData(&module, triple));
                REQUIRE(cuModuleGetFunction(&function, module, "triple"));
                REQUIRE(cuModuleGetGlobal_v2(&counter, &counterBytes, module, "counter"));
                uint32_t value = (uint32_t)next(t);
                REQUIRE(cuMemcpyHtoD_v2(counter, &value, 4));
            } else {
                uint32_t value;
                REQUIRE(cuMemcpyDtoH_v2(&value, counter, 4));
                fold(t, &value, 4);
            }
            break;
        }
        if (t->number == 0 && step % (t->steps / 8) == 0) {
            printf("at %u\n", step / (t->steps / 8));
            fflush(stdout);
        }
        usleep(next(t) % 300);
    }
    for (unsigned slot = 0; slot < Slots; slot++) {
        if (memory[slot] != 0) {
            REQUIRE(cuMemcpyDtoH_v2(host, memory[slot], bytes[slot]));
            fold(t, host, bytes[slot]);
        }
    }
    free(host);
    return NULL;
}

int main(int count, char **arguments)
{
    unsigned threads = count == 4 ? (unsigned)atoi(arguments[3]) : 0;
    Thread all[8];
    pthread_t ids[8];
    if (threads < 1 || threads > 8)
        return 2;
    openLibrary();
    REQUIRE(cuInit(0));
    for (unsigned i = 0; i < threads; i++) {
        all[i] = (Thread){i, (unsigned)atoi(arguments[1]), 88172645463325252u + strtoull(arguments[2], NULL, 10) * 977 + i, 14695981039346656037u};
        pthread_create(&ids[i], NULL, run, &all[i]);
    }
    for (unsigned i = 0; i < threads; i++) {
        pthread_join(ids[i], NULL);
        printf("thread %u: %016llx\n", i, (unsigned long long)all[i].hash);
    }
    return failures > 0;
}
