/* One update of one variable by Adam, as Keras writes it; a table's gradient may be given for some of its rows. */
#ifndef ADAM_H
#define ADAM_H

#include <stdint.h>

typedef struct {
    int64_t num_rows, row_size;
    const float *variable, *momentum, *velocity; /* num_rows, row_size each */
    const float *gradient;                       /* of all rows, or num_indices slices, which are added up */
    int is_sparse;                               /* whether the gradient is of slices */
    const int32_t *indices;                      /* the row that each slice is for */
    int64_t num_indices;
    float rate, momentum_step, velocity_step, epsilon; /* the rate with Adam's correction; 1 - beta_1, 1 - beta_2 */
    float *new_variable, *new_momentum, *new_velocity;
} adam_update;

/* Returns 0, or -1 when memory runs out. Every index must be in [0, num_rows). */
int adam_apply(const adam_update *update);

#endif
