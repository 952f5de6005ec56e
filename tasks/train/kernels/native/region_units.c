#include "region_units.h"

#include "levels.h"
#include "parallel.h"
#include "region_units_plan.h"

void region_units_forward(const region_units *units, float *values) {
    region_units_plan plan = {.units = units, .values = values};
    run_shares(recurrent_choose_level()->region_units, &plan, (int)units->num_texts);
}
