/* Embeddings of regions, learned from texts without labels (two-view embeddings; Johnson & Zhang 2015).
 *
 * A region is `size` words that follow each other. Its units are relu(bias + the sum of its words' weights). From them,
 * the words around it are predicted, as many on each side: each with the probability sigmoid(units . the word's weights as
 * a target). For each word that is there, some others are drawn, as often as they occur, that should not be predicted
 * (negative sampling; Mikolov et al. 2013). Adagrad keeps one sum of mean squares for each row of weights.
 */
#ifndef REGION_EMBEDDING_H
#define REGION_EMBEDDING_H

#include <stdint.h>

enum { EMBEDDING_UNITS = 16 };

/* Arrays are C-contiguous. The words that may be predicted are the tokens from 2 up to num_targets. */
typedef struct {
    int64_t size, units;                         /* the number of units is a multiple of EMBEDDING_UNITS */
    int64_t stride;                              /* between the beginnings of two regions */
    int64_t num_targets, most_targets;           /* no more are predicted from one region */
    int64_t negatives;                           /* for each of them */
    const uint32_t *chances;                     /* num_targets, of 2^32: an occurrence counts; the largest is always */
    const uint32_t *cuts;                        /* num_targets: the alias table of the words that are drawn; a place */
    const int32_t *others;                       /* gives itself up to its cut, of 2^32, and above it another word */
    float *weights, *bias, *targets;             /* vocab_size, units; units; num_targets, units */
    float *weight_sums, *bias_sum, *target_sums; /* vocab_size; 1; num_targets */
    float rate, target_rate, bias_rate;          /* they fall linearly: to 0 after num_all texts, of which num_done are */
    int64_t num_done, num_all;                   /* done */
    uint64_t state;                              /* of the generator of random numbers */
} embedding_view;

/* Every token must be in [0, vocab_size). Padding (0) may be on either side. */
typedef struct {
    int64_t num_texts, length;
    const int32_t *tokens; /* num_texts, length */
} embedding_texts;

/* Tell whether a caller's structures are as large as these, which they are not if it has other sources. */
int embedding_is_sized(int64_t view, int64_t texts);

/* Learn from the texts in their order, each view by itself; their states and numbers of texts go on. Returns 0, or -1 when
 * memory runs out. */
int embedding_learn(embedding_view *views, int64_t num_views, const embedding_texts *texts);

#endif
