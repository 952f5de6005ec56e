/* What each instruction set offers. */
#ifndef LEVELS_H
#define LEVELS_H

#include "parallel.h"

typedef struct {
    const char *name;
    int lanes;                        /* floats in a vector */
    share_function forward, backward; /* called with a recurrent_plan */
    share_function adam;              /* called with an adam_plan */
    share_function conv_forward, conv_backward, conv_max_forward, conv_max_backward; /* called with a conv_plan */
    share_function region_forward; /* called with a region_plan */
    share_function region_units;   /* called with a region_units_plan */
    share_function embedding;      /* called with an array of embedding_share */
} recurrent_level;

/* Names the best instruction set that a process may use. Not a setting of the flows, hence no name like theirs. */
#define RECURRENT_LEVEL_VARIABLE "SEQUENCE_BAKEOFF_INSTRUCTIONS"

const recurrent_level *recurrent_choose_level(void);

#endif
