/* Calls each kernel of the C library on made-up numbers and prints what it gives, so that two processors can be compared.
 *
 * Sizes are no multiples of a vector or a tile, so that all remainders are computed too.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adam.h"
#include "conv.h"
#include "levels.h"
#include "recurrent.h"
#include "region.h"
#include "region_embedding.h"
#include "region_units.h"

static uint32_t state = 1;

static float next(void) {
    state = state * 1664525u + 1013904223u;
    return (float)(state >> 8) / 16777216.0f - 0.5f;
}

static float *fill(int64_t size) {
    float *numbers = malloc((size_t)size * sizeof *numbers);
    for (int64_t i = 0; i < size; i++) numbers[i] = next();
    return numbers;
}

static void show(const char *name, const float *numbers, int64_t size) {
    printf("%s", name);
    for (int64_t i = 0; i < size; i++) printf(" %.9g", (double)numbers[i]);
    printf("\n");
}

static void call_recurrent(int32_t cell, int64_t units, const uint8_t *mask, int64_t batch, int64_t length) {
    const int64_t features = 5, gates = cell == CELL_LSTM ? 4 : cell == CELL_GRU ? 3 : 1, state_size = batch * units;
    const int64_t kernel_size = features * gates * units, bias_size = (cell == CELL_GRU ? 2 : 1) * gates * units;
    const recurrent_problem problem = {
        .cell = cell, .batch = batch, .length = length, .features = features, .units = units, .mask = mask,
        .inputs = fill(batch * length * features), .kernel = fill(kernel_size), .recurrent = fill(units * gates * units),
        .bias = fill(bias_size), .hidden = fill(state_size), .carry = fill(state_size)};
    const recurrent_result result = {.outputs = fill(state_size * length), .output = fill(state_size),
                                     .hidden = fill(state_size), .carry = fill(state_size),
                                     .saved = malloc((size_t)recurrent_saved_size(&problem) * sizeof(float))};
    const recurrent_upstream upstream = {.saved = result.saved, .outputs = fill(state_size * length),
                                         .output = fill(state_size), .hidden = fill(state_size),
                                         .carry = fill(state_size)};
    const recurrent_gradients gradients = {.inputs = fill(batch * length * features), .kernel = fill(kernel_size),
                                           .recurrent = fill(units * gates * units), .bias = fill(bias_size),
                                           .hidden = fill(state_size), .carry = fill(state_size)};
    if (recurrent_forward(&problem, &result) || recurrent_backward(&problem, &upstream, &gradients)) exit(1);
    show("recurrent-outputs", result.outputs, state_size * length);
    show("recurrent-inputs", gradients.inputs, batch * length * features);
    show("recurrent-kernel", gradients.kernel, kernel_size);
    show("recurrent-recurrent", gradients.recurrent, units * gates * units);
    show("recurrent-bias", gradients.bias, bias_size);
}

static void call_convolution(void) {
    enum { BATCH = 5, LENGTH = 23, FEATURES = 3, WIDTH = 4, FILTERS = 48, POSITIONS = LENGTH - WIDTH + 1 };
    const int64_t outputs_size = BATCH * POSITIONS * FILTERS, kernel_size = WIDTH * FEATURES * FILTERS;
    const conv_problem problem = {.batch = BATCH, .length = LENGTH, .features = FEATURES, .width = WIDTH,
                                  .filters = FILTERS, .is_rectified = 1, .inputs = fill(BATCH * LENGTH * FEATURES),
                                  .kernel = fill(kernel_size), .bias = fill(FILTERS)};
    float *outputs = fill(outputs_size), *maxima = fill(BATCH * FILTERS);
    int32_t places[BATCH * FILTERS];
    const conv_gradients gradients = {fill(BATCH * LENGTH * FEATURES), fill(kernel_size), fill(FILTERS)};
    if (conv_forward(&problem, outputs)) exit(1);
    show("conv-outputs", outputs, outputs_size);
    if (conv_backward(&problem, outputs, fill(outputs_size), &gradients)) exit(1);
    show("conv-inputs", gradients.inputs, BATCH * LENGTH * FEATURES);
    show("conv-kernel", gradients.kernel, kernel_size);
    show("conv-bias", gradients.bias, FILTERS);
    if (conv_max_forward(&problem, maxima, places)) exit(1);
    show("max-outputs", maxima, BATCH * FILTERS);
    if (conv_max_backward(&problem, places, fill(BATCH * FILTERS), gradients.inputs, gradients.kernel)) exit(1);
    show("max-inputs", gradients.inputs, BATCH * LENGTH * FEATURES);
    show("max-kernel", gradients.kernel, kernel_size);
}

static void call_adam(int is_sparse) {
    enum { ROWS = 11, SIZE = 7, INDICES = 5 };
    const int32_t indices[INDICES] = {3, 0, 3, 10, 3};
    float *velocity = fill(ROWS * SIZE), *variable = fill(ROWS * SIZE);
    for (int i = 0; i < ROWS * SIZE; i++) velocity[i] += 0.5f;
    const adam_update update = {.num_rows = ROWS, .row_size = SIZE, .variable = variable, .momentum = fill(ROWS * SIZE),
                                .velocity = velocity, .gradient = fill(ROWS * SIZE), .is_sparse = is_sparse,
                                .indices = indices, .num_indices = INDICES, .rate = 0.01f, .momentum_step = 0.1f,
                                .velocity_step = 0.001f, .epsilon = 1e-7f, .new_variable = fill(ROWS * SIZE),
                                .new_momentum = fill(ROWS * SIZE), .new_velocity = fill(ROWS * SIZE)};
    if (adam_apply(&update)) exit(1);
    show("adam-variable", update.new_variable, ROWS * SIZE);
    show("adam-velocity", update.new_velocity, ROWS * SIZE);
}

static void call_region(void) {
    enum { TEXTS = 3, LENGTH = 9, WORDS = 20, FILTERS = 48, ROW = 1 * 16 + 3 * 32 };
    const region_part parts[] = {{1, 16}, {3, 32}};
    const region_filters filters = {.num_parts = 2, .parts = parts, .table = fill(WORDS * ROW), .bias = fill(FILTERS)};
    int32_t tokens[TEXTS * LENGTH];
    for (int i = 0; i < TEXTS * LENGTH; i++) tokens[i] = i % LENGTH < 7 ? (int32_t)((next() + 0.5f) * WORDS) : 0;
    const region_texts texts = {.num_texts = TEXTS, .length = LENGTH, .tokens = tokens};
    float *outputs = fill(TEXTS * FILTERS);
    if (region_forward(&filters, &texts, outputs)) exit(1);
    show("region-outputs", outputs, TEXTS * FILTERS);
}

static void call_region_units(void) {
    enum { TEXTS = 3, LENGTH = 9, WORDS = 20, ROW = 16 + 80 };
    const region_units_part parts[] = {{5, 16}, {20, 80}};
    int32_t tokens[TEXTS * LENGTH];
    for (int i = 0; i < TEXTS * LENGTH; i++) tokens[i] = i % LENGTH < 7 ? (int32_t)((next() + 0.5f) * WORDS) : 0;
    const region_units units = {.num_texts = TEXTS, .length = LENGTH, .num_parts = 2, .row = ROW, .parts = parts,
                                .tokens = tokens, .table = fill(WORDS * ROW), .bias = fill(ROW)};
    float *values = fill(TEXTS * LENGTH * ROW);
    region_units_forward(&units, values);
    show("region-units", values, TEXTS * LENGTH * ROW);
    enum { WIDTH = 2, FILTERS = 48 };
    const int64_t kernel_size = WIDTH * ROW * FILTERS;
    const conv_problem maxima = {.batch = TEXTS, .length = LENGTH, .features = ROW, .width = WIDTH, .filters = FILTERS,
                                 .units = &units, .kernel = fill(kernel_size)};
    float *outputs = fill(TEXTS * FILTERS), *d_kernel = fill(kernel_size);
    int32_t places[TEXTS * FILTERS];
    if (conv_max_forward(&maxima, outputs, places)) exit(1);
    if (conv_max_backward(&maxima, places, fill(TEXTS * FILTERS), NULL, d_kernel)) exit(1);
    show("region-maxima", outputs, TEXTS * FILTERS);
    show("region-kernel", d_kernel, kernel_size);
}

static void call_embedding(void) {
    enum { TEXTS = 4, LENGTH = 11, WORDS = 20, TARGETS = 12, UNITS = 48 };
    uint32_t chances[TARGETS], cuts[TARGETS];
    int32_t others[TARGETS], tokens[TEXTS * LENGTH];
    float weight_sums[WORDS], bias_sum[1] = {1}, target_sums[TARGETS];
    for (int i = 0; i < TARGETS; i++) chances[i] = i % 3 ? UINT32_MAX : 1u << 31, cuts[i] = 1u << 31, others[i] = 2 + i / 2;
    for (int i = 0; i < TEXTS * LENGTH; i++) tokens[i] = i % LENGTH < 9 ? (int32_t)((next() + 0.5f) * WORDS) : 0;
    for (int i = 0; i < WORDS; i++) weight_sums[i] = 1;
    for (int i = 0; i < TARGETS; i++) target_sums[i] = 1;
    embedding_view view = {.size = 3, .units = UNITS, .stride = 2, .num_targets = TARGETS, .most_targets = 4,
                           .negatives = 3, .chances = chances, .cuts = cuts, .others = others,
                           .weights = fill(WORDS * UNITS), .bias = fill(UNITS), .targets = fill(TARGETS * UNITS),
                           .weight_sums = weight_sums, .bias_sum = bias_sum, .target_sums = target_sums, .rate = 0.1f,
                           .target_rate = 0.2f, .bias_rate = 0.01f, .num_all = TEXTS, .state = 7};
    const embedding_texts texts = {.num_texts = TEXTS, .length = LENGTH, .tokens = tokens};
    if (embedding_learn(&view, 1, &texts)) exit(1);
    show("embedding-weights", view.weights, WORDS * UNITS);
    show("embedding-bias", view.bias, UNITS);
    show("embedding-targets", view.targets, TARGETS * UNITS);
}

int main(void) {
    enum { BATCH = 19, LENGTH = 6 };
    uint8_t mask[BATCH * LENGTH];
    for (int i = 0; i < BATCH * LENGTH; i++) mask[i] = i % 5 != 0;
    printf("level %s\n", recurrent_choose_level()->name);
    for (int32_t cell = 0; cell < NUM_CELLS; cell++)
        for (int64_t units = 3; units <= 33; units += 30) {
            call_recurrent(cell, units, NULL, BATCH, LENGTH);
            call_recurrent(cell, units, mask, BATCH, LENGTH);
        }
    call_convolution();
    call_adam(0);
    call_adam(1);
    call_region();
    call_region_units();
    call_embedding();
    return 0;
}
