/* How the work is cut: a share is a text. */
#ifndef REGION_UNITS_PLAN_H
#define REGION_UNITS_PLAN_H

#include "region_units.h"

typedef struct {
    const region_units *units;
    float *values;
} region_units_plan;

/* The positions of a text up to its last word. */
static inline int64_t count_tokens(const region_units *units, int64_t text) {
    const int64_t start = text * units->length;
    int64_t count = units->length;
    while (count > 0 && !units->tokens[start + count - 1]) count--;
    return count;
}

#endif
