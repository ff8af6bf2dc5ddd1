// A program with a session to be parked, saved and moved, which knows what must be in its memory.
//   session yardsticks FOLDER   what the machine can do: memcpy_GBs (one thread), disk_GBs (write and fsync in FOLDER),
//                               loopback_GBs (TCP over 127.0.0.1, two threads)
//   session MIB                 fills MIB of device memory, prints "ready", then takes lines from standard input:
//     call            a small call that is waited for             prints "called NS"
//     touch           one kernel over all memory                  prints "touched NS"
//     change MIB      a kernel over so much of it                 prints "changed NS"
//     write MIB_PER_S writes at that rate until the next line     prints "writing", then "longest NS": between two ends of work
//     verify          reads everything back and compares          prints "verified"
#define _GNU_SOURCE
#include "clock.h"
#include "driver.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

static const char *CODE =
    ".version 7.0\n.target sm_70\n.address_size 64\n"
    ".visible .entry fill(.param .u64 words, .param .u32 base) {\n"
    ".reg .u64 %rd<4>; .reg .u32 %r<8>;\n"
    "ld.param.u64 %rd1, [words]; ld.param.u32 %r1, [base];\n"
    "mov.u32 %r2, %ctaid.x; mov.u32 %r3, %ntid.x; mov.u32 %r4, %tid.x; mad.lo.u32 %r5, %r2, %r3, %r4;\n"
    "mul.wide.u32 %rd2, %r5, 4; add.u64 %rd3, %rd1, %rd2; add.u32 %r5, %r5, %r1; mul.lo.u32 %r6, %r5, 40503;\n"
    "st.global.u32 [%rd3], %r6; ret; }\n"
    ".visible .entry bump(.param .u64 words) {\n"
    ".reg .u64 %rd<4>; .reg .u32 %r<8>;\n"
    "ld.param.u64 %rd1, [words];\n"
    "mov.u32 %r2, %ctaid.x; mov.u32 %r3, %ntid.x; mov.u32 %r4, %tid.x; mad.lo.u32 %r5, %r2, %r3, %r4;\n"
    "mul.wide.u32 %rd2, %r5, 4; add.u64 %rd3, %rd1, %rd2; ld.global.u32 %r6, [%rd3]; add.u32 %r6, %r6, 1;\n"
    "st.global.u32 [%rd3], %r6; ret; }\n";

enum { WORDS_PER_MIB = 1 << 18 };
static CUfunction fill, bump;
static CUdeviceptr memory, small;
static unsigned mib, *changes;

static void copy_yardstick(void) {
    enum { REPEATS = 15 };
    size_t bytes = 64u << 20;
    char *from = malloc(bytes), *to = malloc(bytes);
    memset(from, 1, bytes);
    memset(to, 2, bytes);
    double samples[REPEATS];
    for (int r = 0; r < REPEATS; r++) {
        uint64_t start = now_ns();
        memcpy(to, from, bytes);
        samples[r] = (double)bytes / (double)(now_ns() - start);
    }
    report("memcpy_GBs", median(samples, REPEATS));
}

static void disk_yardstick(const char *folder) {
    enum { REPEATS = 3, PIECE = 2 << 20, PIECES = 128 };
    char path[4096], *piece = malloc(PIECE);
    snprintf(path, sizeof path, "%s/yardstick-%d", folder, (int)getpid());
    double samples[REPEATS];
    for (int r = 0; r < REPEATS; r++) {
        uint64_t start = now_ns();
        int file = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);
        for (int i = 0; i < PIECES; i++) {
            memset(piece, r * PIECES + i, 4096);
            if (file < 0 || write(file, piece, PIECE) != PIECE) {
                perror(path);
                exit(1);
            }
        }
        if (fsync(file) != 0) {
            perror(path);
            exit(1);
        }
        samples[r] = (double)PIECE * PIECES / (double)(now_ns() - start);
        close(file);
        unlink(path);
    }
    report("disk_GBs", median(samples, REPEATS));
}

static void *receive_all(void *argument) {
    enum { PIECE = 1 << 20 };
    int listener = *(int *)argument, connection = accept(listener, NULL, NULL);
    char *piece = malloc(PIECE);
    while (recv(connection, piece, PIECE, 0) > 0) {
    }
    close(connection);
    return NULL;
}

static void loopback_yardstick(void) {
    enum { PIECE = 1 << 20, PIECES = 512 };
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0), connection = socket(AF_INET, SOCK_STREAM, 0);
    pthread_t receiver;
    char *piece = calloc(1, PIECE);
    if (bind(listener, (struct sockaddr *)&address, length) != 0 || listen(listener, 1) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &length) != 0 ||
        connect(connection, (struct sockaddr *)&address, length) != 0) {
        perror("127.0.0.1");
        exit(1);
    }
    pthread_create(&receiver, NULL, receive_all, &listener);
    uint64_t start = now_ns();
    for (int i = 0; i < PIECES; i++) {
        for (int sent = 0; sent < PIECE;) {
            ssize_t more = send(connection, piece + sent, (size_t)(PIECE - sent), 0);
            if (more <= 0) {
                perror("send");
                exit(1);
            }
            sent += (int)more;
        }
    }
    close(connection);
    pthread_join(receiver, NULL);
    report("loopback_GBs", (double)PIECE * PIECES / (double)(now_ns() - start));
}

// One more to every word of some MiB, from the one that is named.
static void bump_mib(unsigned first, unsigned count) {
    CUdeviceptr place = memory + ((CUdeviceptr)first << 20);
    void *arguments[] = {&place};
    CHECK(cuLaunchKernel(bump, count * (WORDS_PER_MIB / 256), 1, 1, 256, 1, 1, 0, NULL, arguments, NULL));
    CHECK(cuCtxSynchronize());
    for (unsigned i = first; i < first + count; i++) changes[i]++;
}

static void write_until_told(unsigned rate) {
    const uint64_t period = 10000000;
    unsigned next = 0;
    uint64_t longest = 0, last = now_ns();
    struct pollfd line = {0, POLLIN, 0};
    printf("writing\n");
    fflush(stdout);
    for (unsigned long long step = 1; poll(&line, 1, 0) == 0; step++) {
        // So many MiB each second, in steps of 10 ms.
        unsigned count = (unsigned)(step * rate / 100 - (step - 1) * rate / 100);
        count = count > mib - next ? mib - next : count;
        if (count > 0) {
            bump_mib(next, count);
            next = (next + count) % mib;
        } else {
            uint32_t word;
            CHECK(cuMemcpyDtoH(&word, small, 4));
        }
        uint64_t now = now_ns();
        longest = now - last > longest ? now - last : longest;
        if (now - last < period) sleep_us((long)((period - (now - last)) / 1000));
        last = now_ns();
    }
    printf("longest %llu\n", (unsigned long long)longest);
}

static void verify(void) {
    uint32_t *host = malloc(1 << 20);
    for (unsigned m = 0; m < mib; m++) {
        CHECK(cuMemcpyDtoH(host, memory + ((CUdeviceptr)m << 20), 1 << 20));
        for (uint32_t i = 0; i < WORDS_PER_MIB; i++) {
            uint32_t wanted = (m * WORDS_PER_MIB + i) * 40503u + changes[m];
            if (host[i] != wanted) {
                fprintf(stderr, "MiB %u, word %u: %08x instead of %08x\n", m, i, host[i], wanted);
                exit(1);
            }
        }
    }
    free(host);
    printf("verified\n");
}

int main(int argc, char **argv) {
    if (argc == 3 && strcmp(argv[1], "yardsticks") == 0) {
        copy_yardstick();
        disk_yardstick(argv[2]);
        loopback_yardstick();
        return 0;
    }
    mib = argc == 2 ? (unsigned)atoi(argv[1]) : 0;
    if (mib == 0) {
        fprintf(stderr, "usage: session MIB | session yardsticks FOLDER\n");
        return 2;
    }
    CUdevice device;
    CUcontext context;
    CUmodule module;
    uint32_t word = 0, zero = 0;
    char line[128];
    changes = calloc(mib, sizeof *changes);
    load_driver();
    CHECK(cuInit(0));
    CHECK(cuDeviceGet(&device, 0));
    CHECK(cuCtxCreate(&context, 0, device));
    CHECK(cuModuleLoadData(&module, CODE));
    CHECK(cuModuleGetFunction(&fill, module, "fill"));
    CHECK(cuModuleGetFunction(&bump, module, "bump"));
    CHECK(cuMemAlloc(&small, 4));
    CHECK(cuMemcpyHtoD(small, &zero, 4));
    CHECK(cuMemAlloc(&memory, (size_t)mib << 20));
    void *arguments[] = {&memory, &zero};
    CHECK(cuLaunchKernel(fill, mib * (WORDS_PER_MIB / 256), 1, 1, 256, 1, 1, 0, NULL, arguments, NULL));
    CHECK(cuCtxSynchronize());
    printf("ready\n");
    fflush(stdout);
    while (fgets(line, sizeof line, stdin) != NULL) {
        unsigned number = 0;
        uint64_t start = now_ns();
        if (strncmp(line, "call", 4) == 0) {
            CHECK(cuMemcpyDtoH(&word, small, 4));
            printf("called %llu\n", (unsigned long long)(now_ns() - start));
        } else if (strncmp(line, "touch", 5) == 0) {
            bump_mib(0, mib);
            printf("touched %llu\n", (unsigned long long)(now_ns() - start));
        } else if (sscanf(line, "change %u", &number) == 1 && number > 0 && number <= mib) {
            bump_mib(0, number);
            printf("changed %llu\n", (unsigned long long)(now_ns() - start));
        } else if (sscanf(line, "write %u", &number) == 1) {
            write_until_told(number);
        } else if (strncmp(line, "verify", 6) == 0) {
            verify();
        }
        fflush(stdout);
    }
    return 0;
}
