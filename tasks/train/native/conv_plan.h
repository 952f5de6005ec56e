/* How a convolution is cut: shares of sequences. A window of the inputs is contiguous, so nothing is copied for it. */
#ifndef CONV_PLAN_H
#define CONV_PLAN_H

#include <string.h>

#include "conv.h"

enum { STRIP_ROWS = 16 };

typedef struct {
    const conv_problem *problem;
    int64_t num_shares, positions, window, padded_window; /* of outputs; of width * features floats */
    float *outputs;
    int32_t *places; /* of maxima: batch, filters */
    const float *d_outputs, *transposed; /* transposed kernel: filters, padded_window */
    float *d_inputs, *d_kernels, *strips; /* per share: d_kernels (of maxima: transposed), strips */
} conv_plan;

static inline int is_equal_window(const conv_plan *plan, const float *inputs, int64_t one, int64_t other) {
    const float *first = inputs + one * plan->problem->features, *second = inputs + other * plan->problem->features;
    return *first == *second && !memcmp(first, second, (size_t)plan->window * sizeof(float));
}

#endif
