/* How an update is cut into shares of rows, and each row's gradients chained: first[row], then next[...], -1 at the end. */
#ifndef ADAM_PLAN_H
#define ADAM_PLAN_H

#include "adam.h"

typedef struct {
    const adam_update *update;
    int64_t num_shares;
    int32_t *first, *next; /* NULL: the gradient is of all rows */
    int64_t strip_rows;    /* so many rows of a table are made dense at once, */
    float *strips;         /* here, sums and squares, per share */
} adam_plan;

#endif
