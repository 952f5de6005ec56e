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
    return plan;
}

int conv_forward(const conv_problem *problem, float *outputs) {
    conv_plan plan = make_plan(problem);
    plan.outputs = outputs;
    run_shares(recurrent_choose_level()->conv_forward, &plan, (int)plan.num_shares);
    return 0;
}

int conv_backward(const conv_problem *problem, const float *d_outputs, float *d_inputs, float *d_kernel) {
    conv_plan plan = make_plan(problem);
    const int64_t kernel_size = plan.window * problem->filters, transposed_size = plan.padded_window * problem->filters;
    const int64_t share_size = kernel_size + STRIP_ROWS * plan.padded_window;
    void *memory = NULL;
    if (posix_memalign(&memory, ALIGNMENT, (size_t)(transposed_size + plan.num_shares * share_size) * sizeof(float)))
        return -1;
    float *transposed = memory;
    memset(transposed, 0, (size_t)transposed_size * sizeof(float));
    for (int64_t i = 0; i < plan.window; i++)
        for (int64_t filter = 0; filter < problem->filters; filter++)
            transposed[filter * plan.padded_window + i] = problem->kernel[i * problem->filters + filter];
    plan.transposed = transposed;
    plan.d_outputs = d_outputs;
    plan.d_inputs = d_inputs;
    plan.d_kernels = transposed + transposed_size;
    plan.strips = plan.d_kernels + plan.num_shares * kernel_size;
    run_shares(recurrent_choose_level()->conv_backward, &plan, (int)plan.num_shares);
    memset(d_kernel, 0, (size_t)kernel_size * sizeof(float));
    for (int64_t share = 0; share < plan.num_shares; share++)
        for (int64_t i = 0; i < kernel_size; i++) d_kernel[i] += plan.d_kernels[share * kernel_size + i];
    free(memory);
    return 0;
}
