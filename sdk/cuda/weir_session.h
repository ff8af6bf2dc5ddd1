/* Memory that a later run of a program finds filled.

       CUdeviceptr weights;
       int filled;
       weirMemAlloc(&weights, bytes, "weights", &filled);
       if (!filled)
           load(weights);              // slow: from a disk, over a network, computed

   While the program runs, `weir snapshot PID FOLDER` writes an image; `weir run --from FOLDER -- PROGRAM` starts it with the content that
   "weights" had then. A name is filled once, and only when its size is what it was; where it can be it has its old address, so that pointers
   into it within it stay true. Variables (__device__, __constant__) of modules that are the same to the byte have their old content too,
   without any call.

   With another driver, or without --from, it is cuMemAlloc and nothing is filled. Memory is freed by cuMemFree as any other. */
#ifndef WEIR_SESSION_H
#define WEIR_SESSION_H

#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>

/* Allocates device memory with a name (UTF-8) in the current context. `filled` becomes 1 when it has its content from the image, else 0.
   Returns a CUresult: 0 for success; 200 when the image is damaged; otherwise as cuMemAlloc. */
static inline int weirMemAlloc(unsigned long long *address, size_t bytes, const char *name, int *filled)
{
    unsigned restored = 0;
    void *library = dlopen("libcuda.so.1", RTLD_NOW);
    int (*named)(unsigned long long *, unsigned *, size_t, const char *) = NULL;
    int (*plain)(unsigned long long *, size_t) = NULL;
    int result = 3; /* CUDA_ERROR_NOT_INITIALIZED */
    *filled = 0;
    if (library == NULL)
        return result;
    *(void **)&named = dlsym(library, "cuWeirMemAlloc");
    *(void **)&plain = dlsym(library, "cuMemAlloc_v2");
    if (named != NULL)
        result = named(address, &restored, bytes, name);
    else if (plain != NULL)
        result = plain(address, bytes);
    *filled = result == 0 && restored != 0;
    dlclose(library);
    return result;
}

#endif
