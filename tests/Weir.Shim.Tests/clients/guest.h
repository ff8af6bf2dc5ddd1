/* Checks and the calls that these clients use. CHECK says where something was not so, and the program then ends non-zero. */
#pragma once

#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef uint64_t Address;
typedef void *Handle;

static int failures;

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                                    \
            __atomic_add_fetch(&failures, 1, __ATOMIC_RELAXED);                                                        \
        }                                                                                                              \
    } while (0)

#define EXPECT(code, call)                                                                                             \
    do {                                                                                                               \
        int answer_ = (call);                                                                                          \
        if (answer_ != (code)) {                                                                                       \
            fprintf(stderr, "%s:%d: %s answered %d instead of %d\n", __FILE__, __LINE__, #call, answer_, (code));      \
            __atomic_add_fetch(&failures, 1, __ATOMIC_RELAXED);                                                        \
        }                                                                                                              \
    } while (0)

#define OK(call) EXPECT(0, call)

static void *library;

/* CALL(cuInit, unsigned)(0): finds the symbol by its name, as programs that open the library themselves do. */
#define CALL(name, ...) ((int (*)(__VA_ARGS__))find(#name))

static void *find(const char *name)
{
    void *symbol;
    if (library == NULL) library = dlopen("libcuda.so.1", RTLD_NOW);
    symbol = library == NULL ? NULL : dlsym(library, name);
    if (symbol == NULL) {
        fprintf(stderr, "missing: %s (%s)\n", name, dlerror());
        exit(90);
    }
    return symbol;
}

static inline Handle begin(void)
{
    Handle context = NULL;
    OK(CALL(cuInit, unsigned)(0));
    OK(CALL(cuCtxCreate_v2, Handle *, unsigned, int)(&context, 0, 0));
    return context;
}

/* The number behind a label of /proc/self/status. */
static inline long status(const char *label)
{
    FILE *file = fopen("/proc/self/status", "r");
    char line[256];
    long value = -1;
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, label, strlen(label)) == 0) value = strtol(line + strlen(label) + 1, NULL, 10);
    if (file != NULL) fclose(file);
    return value;
}

static inline int end(void) { return failures == 0 ? 0 : 1; }
