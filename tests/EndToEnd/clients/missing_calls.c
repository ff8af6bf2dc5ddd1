/* Asks for two things that Weir does not have: a name that no driver knows, and a call that is declared and refused. */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>

int main(void)
{
    void *library = dlopen("libcuda.so.1", RTLD_NOW), *address = &address;
    if (library == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        return 1;
    }
    int (*init)(unsigned) = (int (*)(unsigned))dlsym(library, "cuInit");
    int (*getProcAddress)(const char *, void **, int, uint64_t, int *) =
        (int (*)(const char *, void **, int, uint64_t, int *))dlsym(library, "cuGetProcAddress_v2");
    int (*refused)(unsigned *, int *, unsigned) = (int (*)(unsigned *, int *, unsigned))dlsym(library, "cuGLGetDevices_v2");
    int status = -1, devices[4];
    unsigned count = 0;
    if (init == NULL || getProcAddress == NULL || refused == NULL || init(0) != 0)
        return 2;
    int unknown = getProcAddress("cuNobodyHasEverHeardOfThis", &address, 12000, 0, &status);
    printf("unknown: %d, status %d, %s\n", unknown, status, address == NULL ? "null" : "an address");
    printf("refused: %d\n", refused(&count, devices, 4));
    return 0;
}
