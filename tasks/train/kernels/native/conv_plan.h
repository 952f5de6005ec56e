/* How a convolution is cut: shares of sequences. A window of the inputs is contiguous, so nothing is copied for it. */
#ifndef CONV_PLAN_H
#define CONV_PLAN_H

#include <string.h>

#include "conv.h"

/* A sequence of whose gradients fewer than one in SPARSE_ENTRIES are nonzero is walked entry by entry: an entry then
 * costs about four times as much as in the dense products. */
enum { STRIP_ROWS = 16, SPARSE_ENTRIES = 8 };

/* A sequence of whose inputs at least one in SPARSE_INPUTS is zero is multiplied without its zeros. */
enum { SPARSE_INPUTS = 4 };

typedef struct {
    const conv_problem *problem;
    int64_t num_shares, positions, window, padded_window; /* of outputs; of width * features floats */
    int64_t kernel_size, share_size;                      /* floats; scratch per share */
    float *outputs;
    const float *saved_outputs, *d_outputs;
    const float *transposed; /* transposed kernel: filters, padded_window */
    float *d_inputs;
    int32_t *places;          /* of maxima: batch, filters */
    float *d_kernels, *strips; /* of maxima, per share: transposed gradients of the kernel; scratch */
    float *scratch; /* per share, see conv_scratch */
    float *made;    /* of maxima, per share: the inputs of a sequence, if they are made from units */
    int32_t *lists; /* of maxima, per share: columns of the strip's tiles; NULL if a weight is no finite number */
} conv_plan;

/* A share's scratch: its gradients, those of the kernel also transposed, and the masked gradients of one sequence. */
typedef struct {
    float *d_kernel, *d_bias, *d_transposed, *strip, *masked;
} conv_scratch;

static inline int64_t smaller(int64_t one, int64_t other) { return one < other ? one : other; }

static inline int is_equal_window(const conv_plan *plan, const float *inputs, int64_t one, int64_t other) {
    const float *first = inputs + one * plan->problem->features, *second = inputs + other * plan->problem->features;
    return *first == *second && !memcmp(first, second, (size_t)plan->window * sizeof(float));
}

static inline int64_t size_scratch(const conv_plan *plan) {
    return 2 * plan->kernel_size + plan->problem->filters * (1 + plan->positions) + STRIP_ROWS * plan->padded_window;
}

static inline conv_scratch find_scratch(const conv_plan *plan, int64_t share) {
    float *d_kernel = plan->scratch + share * plan->share_size, *d_bias = d_kernel + plan->kernel_size;
    float *masked = d_bias + plan->problem->filters, *strip = masked + plan->positions * plan->problem->filters;
    return (conv_scratch){.d_kernel = d_kernel, .d_bias = d_bias, .masked = masked, .strip = strip,
                          .d_transposed = strip + STRIP_ROWS * plan->padded_window};
}

#endif
