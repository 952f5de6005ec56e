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
    void *memory = NULL;
    if (posix_memalign(&memory, ALIGNMENT,
                       (size_t)(transposed_size + plan.num_shares * plan.share_size) * sizeof(float)))
        return -1;
    float *transposed = memory;
    memset(transposed, 0, (size_t)transposed_size * sizeof(float));
    for (int64_t i = 0; i < plan.window; i++)
        for (int64_t filter = 0; filter < problem->filters; filter++)
            transposed[filter * plan.padded_window + i] = problem->kernel[i * problem->filters + filter];
    plan.transposed = transposed;
    plan.saved_outputs = outputs;
    plan.d_outputs = d_outputs;
    plan.d_inputs = gradients->inputs;
    plan.scratch = transposed + transposed_size;
    run_shares(recurrent_choose_level()->conv_backward, &plan, (int)plan.num_shares);
    add_shares(&plan, gradients);
    free(memory);
    return 0;
}
