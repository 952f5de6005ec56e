/* How a convolution is cut: shares of sequences. A window of the inputs is contiguous, so nothing is copied for it. */
#ifndef CONV_PLAN_H
#define CONV_PLAN_H

#include "conv.h"

enum { STRIP_ROWS = 16 };

typedef struct {
    const conv_problem *problem;
    int64_t num_shares, positions, window, padded_window; /* of outputs; of width * features floats */
    float *outputs;
    const float *d_outputs, *transposed; /* transposed kernel: filters, padded_window */
    float *d_inputs, *d_kernels, *strips; /* per share: d_kernels, strips */
} conv_plan;

#endif
