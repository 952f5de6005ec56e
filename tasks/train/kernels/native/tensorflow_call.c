#include "tensorflow_call.h"

void hold_inputs(call *c, int count) {
    for (int i = 0; i < count && TF_GetCode(c->status) == TF_OK; i++)
        TF_GetInput(c->context, i, &c->tensors[i], c->status);
}

void release(call *c) {
    if (TF_GetCode(c->status) != TF_OK) TF_OpKernelContext_Failure(c->context, c->status);
    for (int i = 0; i < MOST_TENSORS; i++)
        if (c->tensors[i]) TF_DeleteTensor(c->tensors[i]);
    for (int i = 0; i < c->num_results; i++)
        if (c->results[i]) TF_DeleteTensor(c->results[i]);
    TF_DeleteStatus(c->status);
}

int has_shape(const call *c, int index, int num_dims, const int64_t *dims) {
    const TF_Tensor *tensor = c->tensors[index];
    if (TF_NumDims(tensor) != num_dims) return 0;
    for (int i = 0; i < num_dims; i++)
        if (TF_Dim(tensor, i) != dims[i]) return 0;
    return 1;
}

int are_in_range(const int32_t *indices, int64_t count, int64_t end) {
    int in_range = 1;
    for (int64_t i = 0; i < count; i++) in_range &= indices[i] >= 0 && indices[i] < end;
    return in_range;
}

void require(call *c, int holds, const char *expectation) {
    if (TF_GetCode(c->status) == TF_OK && !holds) TF_SetStatus(c->status, TF_INVALID_ARGUMENT, expectation);
}

void *data(const call *c, int index) { return TF_TensorData(c->tensors[index]); }

/* For TF_FLOAT and TF_INT32, both of which have four bytes. */
static void *allocate_type(call *c, TF_DataType type, int num_dims, const int64_t *dims) {
    if (TF_GetCode(c->status) != TF_OK) return NULL;
    size_t size = sizeof(float);
    for (int i = 0; i < num_dims; i++) size *= (size_t)dims[i];
    const int index = c->num_results++;
    c->results[index] = TF_AllocateOutput(c->context, index, type, dims, num_dims, size, c->status);
    return TF_GetCode(c->status) == TF_OK ? TF_TensorData(c->results[index]) : NULL;
}

float *allocate(call *c, int num_dims, const int64_t *dims) { return allocate_type(c, TF_FLOAT, num_dims, dims); }

int32_t *allocate_integers(call *c, int num_dims, const int64_t *dims) {
    return allocate_type(c, TF_INT32, num_dims, dims);
}

void fail_without_memory(call *c, int failed) {
    if (failed) TF_SetStatus(c->status, TF_RESOURCE_EXHAUSTED, "out of memory");
}
