/* How the work is cut: blocks of sequences, shares of blocks, and the weights as the blocks want them.
 *
 * A step's sums are one matrix product: a row [state, input, 1] of each sequence by the packed weights, whose columns are
 * the cell's gates. State, inputs and gates are padded with zeros to a multiple of the vector's lanes.
 */
#ifndef PLAN_H
#define PLAN_H

#include "recurrent.h"

enum {
    BLOCK_ROWS = 16,   /* sequences that are in the cache together */
    CHUNK_ROWS = 64,   /* rows whose weight gradients are summed at once */
    MOST_SHARES = 8,   /* fixed, so that sums are taken in the same order with any number of threads */
    ALIGNMENT = 64,
    MOST_COLUMNS = 4,
};

typedef struct {
    const recurrent_problem *problem;
    int lanes;
    int64_t num_blocks, num_shares;
    int64_t num_columns;                /* of gates: 4, or 1 for SimpleRNN */
    int64_t units, features;            /* padded */
    int64_t depth;                      /* length of a row [state, input, 1] */
    int64_t row, sums_row, d_row;       /* distances between rows of [state, input, 1], of sums and of both's gradients */
    int64_t saved_step;                 /* floats saved per sequence and step */
    int64_t scratch_size, weights_size; /* floats per share */
    float *weights, *transposed;        /* depth x sums_row, columns x d_row */
    float *scratch, *d_weights;         /* per share */
    const recurrent_result *result;
    const recurrent_upstream *upstream;
    const recurrent_gradients *gradients;
} recurrent_plan;

static inline int64_t round_up(int64_t size, int64_t multiple) { return (size + multiple - 1) / multiple * multiple; }

static inline int64_t rows_of_block(const recurrent_problem *problem, int64_t block) {
    int64_t left = problem->batch - block * BLOCK_ROWS;
    return left < BLOCK_ROWS ? left : BLOCK_ROWS;
}

/* The position in the inputs of a step in the order of reading. */
static inline int64_t position_of_step(const recurrent_problem *problem, int64_t step) {
    return problem->go_backwards ? problem->length - 1 - step : step;
}

static inline int is_read(const recurrent_problem *problem, int64_t sequence, int64_t position) {
    return !problem->mask || problem->mask[sequence * problem->length + position];
}

/* List the rows of a block that read a position; return their number. */
static inline int64_t list_readers(const recurrent_problem *problem, int64_t first, int64_t num_rows, int64_t position,
                                   int32_t *readers) {
    int64_t count = 0;
    for (int64_t row = 0; row < num_rows; row++)
        if (is_read(problem, first + row, position)) readers[count++] = (int32_t)row;
    return count;
}

#endif
