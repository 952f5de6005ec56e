/* How the work is cut: a share is a text. */
#ifndef REGION_UNITS_PLAN_H
#define REGION_UNITS_PLAN_H

#include "region_units.h"

typedef struct {
    const region_units *units;
    float *values;
} region_units_plan;

#endif
