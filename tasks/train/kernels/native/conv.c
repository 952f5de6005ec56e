#include "conv.h"

#include <stdlib.h>
#include <string.h>

#include "conv_plan.h"
#include "levels.h"
#include "parallel.h"

enum { MOST_SHARES = 8, ALIGNMENT = 64 };

static conv_plan make_plan(const conv_problem *problem) {
    conv_plan plan = {.problem = problem, .positions = problem->length - problem->width + 1};
    plan.num_shares = problem->batch < MOST_SHARES ? problem->batch : MOST_SHARES;
    plan.window = problem->width * problem->features;
    plan.padded_window = (plan.window + CONV_FILTERS - 1) / CONV_FILTERS * CONV_FILTERS;
    plan.kernel_size = plan.window * problem->filters;
    /* A cache line more, so that no two shares write to the same one. */
    plan.share_size = size_scratch(&plan) + ALIGNMENT / (int64_t)sizeof(float);
    return plan;
}

int conv_forward(const conv_problem *problem, float *outputs) {
    conv_plan plan = make_plan(problem);
    plan.outputs = outputs;
    run_shares(recurrent_choose_level()->conv_forward, &plan, (int)plan.num_shares);
    return 0;
}

static void transpose_kernel(const conv_plan *plan, float *transposed) {
    const conv_problem *p = plan->problem;
    memset(transposed, 0, (size_t)(plan->padded_window * p->filters) * sizeof(float));
    for (int64_t i = 0; i < plan->window; i++)
        for (int64_t filter = 0; filter < p->filters; filter++)
            transposed[filter * plan->padded_window + i] = p->kernel[i * p->filters + filter];
}

static float *allocate(int64_t count) {
    void *memory = NULL;
    return posix_memalign(&memory, ALIGNMENT, (size_t)count * sizeof(float)) ? NULL : memory;
}

static void add_shares(const conv_plan *plan, const conv_gradients *gradients) {
    memset(gradients->kernel, 0, (size_t)plan->kernel_size * sizeof(float));
    memset(gradients->bias, 0, (size_t)plan->problem->filters * sizeof(float));
    for (int64_t share = 0; share < plan->num_shares; share++) {
        const conv_scratch scratch = find_scratch(plan, share);
        for (int64_t i = 0; i < plan->kernel_size; i++) gradients->kernel[i] += scratch.d_kernel[i];
        for (int64_t i = 0; i < plan->problem->filters; i++) gradients->bias[i] += scratch.d_bias[i];
    }
}

int conv_backward(const conv_problem *problem, const float *outputs, const float *d_outputs,
                  const conv_gradients *gradients) {
    conv_plan plan = make_plan(problem);
    const int64_t transposed_size = plan.padded_window * problem->filters;
    float *transposed = allocate(transposed_size + plan.num_shares * plan.share_size);
    if (!transposed) return -1;
    transpose_kernel(&plan, transposed);
    plan.transposed = transposed;
    plan.saved_outputs = outputs;
    plan.d_outputs = d_outputs;
    plan.d_inputs = gradients->inputs;
    plan.scratch = transposed + transposed_size;
    run_shares(recurrent_choose_level()->conv_backward, &plan, (int)plan.num_shares);
    add_shares(&plan, gradients);
    free(transposed);
    return 0;
}

static int64_t size_made(const conv_plan *plan) {
    return plan->problem->units ? plan->num_shares * plan->problem->length * plan->problem->features : 0;
}

/* Whether no value is infinite or NaN; those have all bits of the exponent. */
static int are_finite(const float *values, int64_t count) {
    const uint32_t exponent = 0x7f800000;
    int found = 0;
    for (int64_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, values + i, sizeof bits);
        found |= (bits & exponent) == exponent;
    }
    return !found;
}

int conv_max_forward(const conv_problem *problem, float *outputs, int32_t *places) {
    conv_plan plan = make_plan(problem);
    plan.outputs = outputs;
    plan.places = places;
    const int64_t strips_size = plan.num_shares * STRIP_ROWS * problem->filters;
    plan.strips = allocate(strips_size + plan.num_shares * STRIP_ROWS * plan.window + size_made(&plan));
    if (!plan.strips) return -1;
    plan.made = plan.strips + strips_size + plan.num_shares * STRIP_ROWS * plan.window;
    if (are_finite(problem->kernel, plan.kernel_size)) plan.lists = (int32_t *)(plan.strips + strips_size);
    run_shares(recurrent_choose_level()->conv_max_forward, &plan, (int)plan.num_shares);
    free(plan.strips);
    return 0;
}

int conv_max_backward(const conv_problem *problem, const int32_t *places, const float *d_outputs, float *d_inputs,
                      float *d_kernel) {
    conv_plan plan = make_plan(problem);
    const int64_t size = plan.padded_window * problem->filters;
    float *transposed = allocate((1 + plan.num_shares) * size + plan.num_shares * plan.positions + size_made(&plan));
    if (!transposed) return -1;
    transpose_kernel(&plan, transposed);
    plan.transposed = transposed;
    plan.places = (int32_t *)places;
    plan.d_outputs = d_outputs;
    plan.d_inputs = d_inputs;
    plan.d_kernels = transposed + size;
    plan.strips = plan.d_kernels + plan.num_shares * size;
    plan.made = plan.strips + plan.num_shares * plan.positions;
    run_shares(recurrent_choose_level()->conv_max_backward, &plan, (int)plan.num_shares);
    for (int64_t share = 1; share < plan.num_shares; share++)
        for (int64_t i = 0; i < size; i++) plan.d_kernels[i] += plan.d_kernels[share * size + i];
    for (int64_t i = 0; i < plan.window; i++)
        for (int64_t filter = 0; filter < problem->filters; filter++)
            d_kernel[i * problem->filters + filter] =
                plan.num_shares ? plan.d_kernels[filter * plan.padded_window + i] : 0;
    free(transposed);
    return 0;
}
