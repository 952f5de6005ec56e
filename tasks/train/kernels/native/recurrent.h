/* Recurrent layers on a CPU: all steps of a block of sequences, forward and backward, without leaving the cache.
 *
 * The cells are those of Keras with their default activations: LSTM (gates i, f, c, o), GRU with reset_after=True (gates
 * z, r, h) and SimpleRNN. Arrays are C-contiguous float32. The results do not depend on the number of threads.
 */
#ifndef RECURRENT_H
#define RECURRENT_H

#include <stddef.h>
#include <stdint.h>

enum { CELL_LSTM = 0, CELL_GRU = 1, CELL_SIMPLE = 2, NUM_CELLS = 3 };

/* G is the number of gates: 4, 3, 1. The bias has G * units values, that of a GRU twice as many: input, recurrent. */
typedef struct {
    int32_t cell;
    int32_t go_backwards;      /* read the sequence from its end; outputs are in the order of reading */
    int32_t zero_masked;       /* what a masked step puts out: zeros, or else the output before it */
    int64_t batch, length, features, units;
    const float *inputs;       /* batch, length, features */
    const float *kernel;       /* features, G * units */
    const float *recurrent;    /* units, G * units */
    const float *bias;
    const float *hidden;       /* batch, units: the state at the start */
    const float *carry;        /* batch, units: LSTM only */
    const uint8_t *mask;       /* batch, length: 0 skips a step; NULL: none is skipped */
} recurrent_problem;

typedef struct {
    float *outputs;            /* batch, length, units; NULL: not wanted */
    float *output;             /* batch, units: the last of them */
    float *hidden, *carry;     /* batch, units: the state at the end */
    float *saved;              /* recurrent_saved_size values for recurrent_backward; NULL: no gradient is wanted */
} recurrent_result;

typedef struct {
    const float *saved;
    const float *outputs;      /* gradients of the results; outputs may be NULL */
    const float *output, *hidden, *carry;
} recurrent_upstream;

typedef struct {
    float *inputs, *kernel, *recurrent, *bias, *hidden, *carry;
} recurrent_gradients;

/* How many floats the forward pass saves for the backward pass. */
int64_t recurrent_saved_size(const recurrent_problem *problem);

/* Both return 0, or -1 when memory runs out. */
int recurrent_forward(const recurrent_problem *problem, const recurrent_result *result);
int recurrent_backward(const recurrent_problem *problem, const recurrent_upstream *upstream,
                       const recurrent_gradients *gradients);

/* Instruction sets by rank: 0 is what every processor has. The best supported one is used, up to a limit for one test
 * and a ceiling for the whole process: the name in the environment variable of levels.h. */
int recurrent_best_level(void);
void recurrent_limit_level(int level);
/* The name of the one that is used: avx512, avx2, baseline; neon on ARM. */
const char *recurrent_level_name(void);

#endif
