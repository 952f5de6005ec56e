#include "recurrent.h"

#include <stdlib.h>
#include <string.h>

#include "levels.h"
#include "parallel.h"
#include "plan.h"

static const int NUM_GATES[NUM_CELLS] = {4, 3, 1};
static const int NUM_COLUMNS[NUM_CELLS] = {4, 4, 1};
/* Which gate of Keras's kernel and of its recurrent kernel a column holds; -1: none. The candidate of a GRU takes its
 * recurrent part after the reset gate, hence a column of its own for it. */
static const int KERNEL_GATE[NUM_CELLS][MOST_COLUMNS] = {{0, 1, 2, 3}, {0, 1, 2, -1}, {0, -1, -1, -1}};
static const int RECURRENT_GATE[NUM_CELLS][MOST_COLUMNS] = {{0, 1, 2, 3}, {0, 1, -1, 2}, {0, -1, -1, -1}};

static recurrent_plan make_plan(const recurrent_problem *problem) {
    const int lanes = recurrent_choose_level()->lanes;
    recurrent_plan plan = {.problem = problem, .lanes = lanes};
    plan.num_blocks = (problem->batch + BLOCK_ROWS - 1) / BLOCK_ROWS;
    plan.num_shares = plan.num_blocks < MOST_SHARES ? plan.num_blocks : MOST_SHARES;
    plan.num_columns = NUM_COLUMNS[problem->cell];
    plan.units = round_up(problem->units, lanes);
    plan.features = round_up(problem->features, lanes);
    plan.depth = plan.units + problem->features + 1;
    /* One vector more than a row needs: rows that lie a power of two apart would share a few places of the cache. */
    plan.row = round_up(plan.depth, lanes) + lanes;
    plan.sums_row = plan.num_columns * plan.units + lanes;
    plan.d_row = plan.units + plan.features + lanes;
    plan.saved_step = (plan.num_columns + (problem->cell == CELL_LSTM ? 2 : 1)) * plan.units;
    plan.weights_size = plan.depth * plan.sums_row;
    return plan;
}

int64_t recurrent_saved_size(const recurrent_problem *problem) {
    return problem->batch * problem->length * make_plan(problem).saved_step;
}

/* Where Keras keeps the weights that the packed weights have in a row (of a unit, a feature, or the ones, which has the
 * bias) and a column, for all units in turn; NULL: nowhere. */
static float *find_weights(const recurrent_plan *plan, const recurrent_gradients *at, int64_t row, int column) {
    const recurrent_problem *problem = plan->problem;
    const int64_t width = NUM_GATES[problem->cell] * problem->units;
    const int kernel_gate = KERNEL_GATE[problem->cell][column], state_gate = RECURRENT_GATE[problem->cell][column];
    if (row < problem->units && state_gate >= 0) return at->recurrent + row * width + state_gate * problem->units;
    if (row >= plan->units && kernel_gate >= 0)
        return (row == plan->depth - 1 ? at->bias : at->kernel + (row - plan->units) * width) +
               kernel_gate * problem->units;
    return NULL;
}

/* A GRU has a second bias, of the recurrent part. */
static float *find_state_bias(const recurrent_problem *problem, float *bias, int column) {
    const int gate = RECURRENT_GATE[problem->cell][column];
    if (problem->cell != CELL_GRU || gate < 0) return NULL;
    return bias + (NUM_GATES[CELL_GRU] + gate) * problem->units;
}

static void pack_weights(const recurrent_plan *plan) {
    const recurrent_problem *problem = plan->problem;
    const recurrent_gradients at = {.kernel = (float *)problem->kernel,
                                    .recurrent = (float *)problem->recurrent,
                                    .bias = (float *)problem->bias};
    const size_t size = (size_t)problem->units * sizeof(float);
    float *ones = plan->weights + (plan->depth - 1) * plan->sums_row;
    for (int column = 0; column < plan->num_columns; column++) {
        for (int64_t row = 0; row < plan->depth; row++) {
            const float *weights = find_weights(plan, &at, row, column);
            if (weights) memcpy(plan->weights + row * plan->sums_row + column * plan->units, weights, size);
        }
        const float *bias = find_state_bias(problem, at.bias, column);
        for (int64_t unit = 0; bias && unit < problem->units; unit++) ones[column * plan->units + unit] += bias[unit];
    }
}

static void transpose_weights(const recurrent_plan *plan) {
    for (int64_t column = 0; column < plan->num_columns * plan->units; column++)
        for (int64_t row = 0; row < plan->depth - 1; row++)
            plan->transposed[column * plan->d_row + row] = plan->weights[row * plan->sums_row + column];
}

static void unpack_gradients(const recurrent_plan *plan) {
    const recurrent_problem *problem = plan->problem;
    const size_t size = (size_t)problem->units * sizeof(float);
    const float *ones = plan->d_weights + (plan->depth - 1) * plan->sums_row;
    for (int64_t share = 1; share < plan->num_shares; share++)
        for (int64_t i = 0; i < plan->weights_size; i++)
            plan->d_weights[i] += plan->d_weights[share * plan->weights_size + i];
    for (int column = 0; column < plan->num_columns; column++) {
        for (int64_t row = 0; row < plan->depth; row++) {
            float *weights = find_weights(plan, plan->gradients, row, column);
            if (weights) memcpy(weights, plan->d_weights + row * plan->sums_row + column * plan->units, size);
        }
        float *bias = find_state_bias(problem, plan->gradients->bias, column);
        if (bias) memcpy(bias, ones + column * plan->units, size);
    }
}

static float *allocate(int64_t size) {
    void *memory = NULL;
    return posix_memalign(&memory, ALIGNMENT, (size_t)size * sizeof(float)) == 0 ? memory : NULL;
}

int recurrent_forward(const recurrent_problem *problem, const recurrent_result *result) {
    recurrent_plan plan = make_plan(problem);
    plan.result = result;
    plan.scratch_size = BLOCK_ROWS * (plan.row + plan.sums_row + 3 * plan.units);
    const int64_t weights_size = round_up(plan.weights_size, ALIGNMENT);
    float *memory = allocate(weights_size + plan.num_shares * plan.scratch_size);
    if (!memory) return -1;
    plan.weights = memory;
    plan.scratch = memory + weights_size;
    memset(plan.weights, 0, (size_t)weights_size * sizeof(float));
    pack_weights(&plan);
    run_shares(recurrent_choose_level()->forward, &plan, (int)plan.num_shares);
    free(memory);
    return 0;
}

int recurrent_backward(const recurrent_problem *problem, const recurrent_upstream *upstream,
                       const recurrent_gradients *gradients) {
    recurrent_plan plan = make_plan(problem);
    plan.upstream = upstream;
    plan.gradients = gradients;
    plan.scratch_size = CHUNK_ROWS * (plan.row + plan.sums_row) + BLOCK_ROWS * (plan.d_row + 2 * plan.units);
    plan.weights_size = round_up(plan.weights_size, ALIGNMENT);
    const int64_t transposed_size = round_up(plan.num_columns * plan.units * plan.d_row, ALIGNMENT);
    const int64_t num_shares = plan.num_shares > 0 ? plan.num_shares : 1;
    float *memory =
        allocate(plan.weights_size + transposed_size + num_shares * (plan.scratch_size + plan.weights_size));
    if (!memory) return -1;
    plan.weights = memory;
    plan.transposed = plan.weights + plan.weights_size;
    plan.d_weights = plan.transposed + transposed_size;
    plan.scratch = plan.d_weights + num_shares * plan.weights_size;
    memset(memory, 0, (size_t)(2 * plan.weights_size + transposed_size) * sizeof(float));
    pack_weights(&plan);
    transpose_weights(&plan);
    run_shares(recurrent_choose_level()->backward, &plan, (int)plan.num_shares);
    unpack_gradients(&plan);
    free(memory);
    return 0;
}
