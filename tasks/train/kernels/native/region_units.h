/* Rectified units that read the words around each position (Johnson & Zhang 2015), from tokens.
 *
 * A unit of a region of `size` words has a number for each word. Its value at a position is the sum of those of the words in
 * the region, which begins (size - 3) / 2 places before the position, a bias, and ReLU. Padding (0) and places outside the
 * text add nothing, and the values at padding are 0.
 */
#ifndef REGION_UNITS_H
#define REGION_UNITS_H

#include <stdint.h>

enum { UNITS_MULTIPLE = 16, LEAST_REGION = 3 };

/* The units that read regions of one size, at least LEAST_REGION; their number is a multiple of UNITS_MULTIPLE. */
typedef struct {
    int64_t size, units;
} region_units_part;

/* Arrays are C-contiguous. Every token must be in [0, vocab_size). */
typedef struct {
    int64_t num_texts, length, num_parts, row; /* row: units of all parts */
    const region_units_part *parts;
    const int32_t *tokens;     /* num_texts, length */
    const float *table, *bias; /* vocab_size, row; row */
} region_units;

/* Values: num_texts, length, row. */
void region_units_forward(const region_units *units, float *values);

#endif
