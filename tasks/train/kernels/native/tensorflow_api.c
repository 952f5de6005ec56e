#define _GNU_SOURCE
#include "tensorflow_api.h"

#include <dlfcn.h>

#define DEFINE_POINTER(type, name, arguments) type(*name) arguments;
API_FUNCTIONS(DEFINE_POINTER)

int find_api(void) {
    static const char *const names[] = {"libtensorflow_framework.so.2", "libtensorflow_framework.2.dylib"};
    void *library = NULL;
    for (size_t i = 0; !library && i < sizeof names / sizeof *names; i++)
        library = dlopen(names[i], RTLD_NOW | RTLD_NOLOAD);
    if (!library) return 0;
#define FIND(type, name, arguments) \
    if (!(*(void **)&name = dlsym(library, #name))) return 0;
    API_FUNCTIONS(FIND)
    return 1;
}
