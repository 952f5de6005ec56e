/* What a view needs for one text: a share is a view. */
#ifndef REGION_EMBEDDING_PLAN_H
#define REGION_EMBEDDING_PLAN_H

#include "region_embedding.h"

typedef struct {
    embedding_view *view;
    const embedding_texts *texts;
    float *units, *d_units;            /* regions of a text, units */
    float *window, *d_bias;            /* units: a sum over what is in a region, or over the regions that a word is in */
    int32_t *chosen;                   /* the words to predict, then the ones that were drawn */
    float *scores, *gradients, *steps; /* of the chosen words */
    unsigned char *is_right;           /* num_targets: whether a word is one to predict */
    int64_t num_right, num_chosen;
} embedding_share;

/* A random number of 64 bits: SplitMix64 (Steele, Lea & Flood 2014). */
uint64_t embedding_draw(embedding_view *view);

/* Choose the words for the region that begins at `first` of a text. */
void embedding_choose(embedding_share *share, const int32_t *tokens, int64_t length, int64_t first);

#endif
