/* A convolution over the steps of sequences, with bias and ReLU: stride 1, no padding. Arrays are C-contiguous float32. */
#ifndef CONV_H
#define CONV_H

#include <stdint.h>

#include "region_units.h"

typedef struct {
    int64_t batch, length, features, width, filters; /* filters: a multiple of CONV_FILTERS; width <= length */
    const float *inputs;                             /* batch, length, features */
    const float *kernel;                             /* width, features, filters */
    const float *bias;                               /* filters */
    int is_rectified;                                /* whether ReLU follows */
    const region_units *units;                       /* of maxima: what the inputs are made from, instead of an array */
} conv_problem;

/* Of the same shapes as what they are the gradients of. */
typedef struct {
    float *inputs, *kernel, *bias;
} conv_gradients;

enum { CONV_FILTERS = 16 };

/* Outputs: batch, length - width + 1, filters. Both return 0, or -1 when memory runs out. */
int conv_forward(const conv_problem *problem, float *outputs);
int conv_backward(const conv_problem *problem, const float *outputs, const float *d_outputs,
                  const conv_gradients *gradients);

/* The maximum over the positions, before bias and ReLU, and where it is: batch, filters. The gradients of the inputs are
 * left out if `d_inputs` is NULL, which it must be if the inputs are made from units. */
int conv_max_forward(const conv_problem *problem, float *outputs, int32_t *places);
int conv_max_backward(const conv_problem *problem, const int32_t *places, const float *d_outputs, float *d_inputs,
                      float *d_kernel);

#endif
