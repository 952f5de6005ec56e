/* The kernels as operations of TensorFlow's graph, one file for each kind: how they are registered. */
#ifndef TENSORFLOW_OPS_H
#define TENSORFLOW_OPS_H

#include "tensorflow_api.h"

#pragma GCC visibility push(hidden)

/* Each list ends with NULL. After an error nothing more is registered. */
void register_operation(const char *name, const char *const *inputs, const char *const *outputs,
                        const char *const *attributes, void *(*create_kernel)(TF_OpKernelConstruction *),
                        void (*compute)(void *, TF_OpKernelContext *), TF_Status *status);

void register_recurrent(TF_Status *status);
void register_adam(TF_Status *status);
void register_conv(TF_Status *status);
void register_region(TF_Status *status);
void register_region_units(TF_Status *status);

#pragma GCC visibility pop

#endif
