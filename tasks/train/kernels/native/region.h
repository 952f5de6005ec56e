/* Convolutions over one-hot words and their maxima over the text (Johnson & Zhang 2015), and updates of a network of them.
 *
 * A filter of width w has a weight for each word at each of w places. Its value at a position of a text is the sum of the
 * weights of the w words from there on; words beyond the end, and padding (0), add nothing, and no filter starts at
 * padding. The network is: the filters' maxima with bias and ReLU; that vector x as x / sqrt(1 + |x|^2); dropout; a dense
 * layer with a sigmoid (one output) or a softmax; cross-entropy; Adagrad as Keras writes it.
 */
#ifndef REGION_H
#define REGION_H

#include <stdint.h>

enum { REGION_FILTERS = 16 };

/* The filters of one width; their number is a multiple of REGION_FILTERS. */
typedef struct {
    int64_t width, filters;
} region_part;

/* Arrays are C-contiguous. A word's row of the table has, for each part, width x filters weights. */
typedef struct {
    int64_t num_parts;
    const region_part *parts;
    float *table, *bias; /* vocab_size, row; filters of all parts */
} region_filters;

/* Every token must be in [0, vocab_size). The targets of a text are the probabilities of the classes; with a single output,
 * there is one, that of the second class. A text with a label has zeros and a one. */
typedef struct {
    int64_t num_texts, length;
    const int32_t *tokens; /* num_texts, length */
    const float *targets;  /* num_texts, num_outputs */
} region_texts;

/* The sums of squared gradients that Adagrad keeps have the shapes of what they belong to. */
typedef struct {
    region_filters filters;
    float *table_squares, *bias_squares;
    int64_t num_outputs;
    float *head, *head_bias; /* filters of all parts, num_outputs; num_outputs */
    float *head_squares, *head_bias_squares;
    float rate, epsilon, dropout;
    uint64_t seed;              /* of dropout; another one for each call */
    const float *class_weights; /* of the losses, for each label; NULL for none */
} region_network;

/* Maxima with bias and ReLU: num_texts, filters of all parts. Returns 0, or -1 when memory runs out. */
int region_forward(const region_filters *filters, const region_texts *texts, float *outputs);

/* Tell whether a caller's structures are as large as these, which they are not if it has other sources. */
int region_is_sized(int64_t network, int64_t texts);

/* Update the network batch by batch, in the order of the texts. Adds the losses and the number of right answers. Returns as
 * region_forward. */
int region_fit(const region_network *network, const region_texts *texts, int64_t batch_size, double *loss,
               int64_t *num_right);

#endif
