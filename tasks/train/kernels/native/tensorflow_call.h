/* One call of an operation: its inputs, which are held until it ends, its results, and its first error. */
#ifndef TENSORFLOW_CALL_H
#define TENSORFLOW_CALL_H

#include "tensorflow_api.h"

enum { MOST_TENSORS = 12 };

typedef struct {
    TF_OpKernelContext *context;
    TF_Status *status;
    TF_Tensor *tensors[MOST_TENSORS];
    TF_Tensor *results[MOST_TENSORS];
    int num_results;
} call;

/* A list of dimensions as two arguments: how many there are, and the array. */
#define SHAPE(...) sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t), (const int64_t[]){__VA_ARGS__}

#pragma GCC visibility push(hidden)

void hold_inputs(call *c, int count);

/* Report the error, if there is one, and let go of all tensors. */
void release(call *c);

int has_shape(const call *c, int index, int num_dims, const int64_t *dims);
int are_in_range(const int32_t *indices, int64_t count, int64_t end);
void require(call *c, int holds, const char *expectation);
void *data(const call *c, int index);

/* Return the values of the next result, or NULL after an error. */
float *allocate(call *c, int num_dims, const int64_t *dims);
int32_t *allocate_integers(call *c, int num_dims, const int64_t *dims);

void fail_without_memory(call *c, int failed);

#pragma GCC visibility pop

#endif
