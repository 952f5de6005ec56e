/* How the work is cut: a share is a block of filters of one text, or of all texts of a batch. */
#ifndef REGION_PLAN_H
#define REGION_PLAN_H

#include "region.h"

enum { BLOCK_FILTERS = 64 };

/* Some filters of one part: `first` and `stride` are places in a word's row, `at` is one in the vector of all filters. */
typedef struct {
    int64_t width, size, first, stride, at;
} region_block;

typedef struct {
    const region_filters *filters;
    const region_network *network; /* NULL: only the maxima are wanted */
    region_texts texts;            /* of the batch */
    int64_t num_filters, num_blocks, row;
    region_block *blocks;
    float *maxima, *d_maxima; /* texts, num_filters; with bias and ReLU */
    int32_t *places;          /* texts, num_filters: where the maximum is, -1 if a text has no words */
    float *features;          /* texts, num_filters: what the head reads */
    float *d_outputs;         /* texts, num_outputs */
    double *losses;           /* texts */
    unsigned char *is_right;  /* texts */
    int64_t first_text;       /* the batch's first text among those of the call */
} region_plan;

#endif
