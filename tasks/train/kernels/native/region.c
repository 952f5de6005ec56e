#include "region.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "levels.h"
#include "parallel.h"
#include "region_plan.h"

enum { MOST_TEXTS = 256 }; /* whose maxima are found at once when nothing is trained */

static const float smallest_probability = 1e-7f; /* Keras clips there before it takes logarithms */

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

static int64_t cut_blocks(const region_filters *filters, region_block *blocks) {
    int64_t count = 0, at = 0, row = 0;
    for (int64_t i = 0; i < filters->num_parts; i++) {
        const region_part part = filters->parts[i];
        for (int64_t first = 0; first < part.filters; first += BLOCK_FILTERS, count++)
            if (blocks)
                blocks[count] = (region_block){.width = part.width, .size = least(BLOCK_FILTERS, part.filters - first),
                                               .first = row + first, .stride = part.filters, .at = at + first};
        at += part.filters;
        row += part.width * part.filters;
    }
    return count;
}

static region_plan make_plan(const region_filters *filters) {
    region_plan plan = {.filters = filters, .num_blocks = cut_blocks(filters, NULL)};
    for (int64_t i = 0; i < filters->num_parts; i++) {
        plan.num_filters += filters->parts[i].filters;
        plan.row += filters->parts[i].width * filters->parts[i].filters;
    }
    return plan;
}

/* One piece of memory for everything; NULL when memory runs out. Bytes come last, for the others' alignment. */
static void *allocate_plan(region_plan *plan, int64_t num_texts, int64_t num_outputs) {
    const size_t values = (size_t)(num_texts * plan->num_filters), outputs = (size_t)(num_texts * num_outputs);
    const size_t blocks = (size_t)plan->num_blocks * sizeof(region_block);
    char *memory = calloc(1, blocks + (size_t)num_texts * (sizeof(double) + 1) + (4 * values + outputs) * sizeof(float));
    if (!memory) return NULL;
    plan->blocks = (region_block *)memory;
    plan->losses = (double *)(memory + blocks);
    plan->maxima = (float *)(plan->losses + num_texts);
    plan->d_maxima = plan->maxima + values;
    plan->features = plan->d_maxima + values;
    plan->places = (int32_t *)(plan->features + values);
    plan->d_outputs = (float *)(plan->places + values);
    plan->is_right = (unsigned char *)(plan->d_outputs + outputs);
    cut_blocks(plan->filters, plan->blocks);
    return memory;
}

int region_is_sized(int64_t network, int64_t texts) {
    return network == (int64_t)sizeof(region_network) && texts == (int64_t)sizeof(region_texts);
}

int region_forward(const region_filters *filters, const region_texts *texts, float *outputs) {
    region_plan plan = make_plan(filters);
    void *memory = allocate_plan(&plan, least(MOST_TEXTS, texts->num_texts), 0);
    if (!memory) return -1;
    for (int64_t first = 0; first < texts->num_texts; first += MOST_TEXTS) {
        plan.texts = (region_texts){.num_texts = least(MOST_TEXTS, texts->num_texts - first), .length = texts->length,
                                    .tokens = texts->tokens + first * texts->length};
        plan.maxima = outputs + first * plan.num_filters;
        run_shares(recurrent_choose_level()->region_forward, &plan, (int)(plan.texts.num_texts * plan.num_blocks));
    }
    free(memory);
    return 0;
}

/* SplitMix64 (Steele, Lea & Flood 2014), as a function of its counter: the mask depends on no order of the work. */
static float draw(uint64_t counter) {
    uint64_t z = counter * 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (float)((z ^ (z >> 31)) >> 40) * 0x1p-24f;
}

/* Return the factor of normalisation; the features of filters that dropout leaves out are 0. */
static float make_features(const region_plan *plan, int64_t text) {
    const int64_t size = plan->num_filters;
    const float *maxima = plan->maxima + text * size;
    float *features = plan->features + text * size, sum = 1, dropout = plan->network->dropout;
    const uint64_t counter = plan->network->seed + (uint64_t)((plan->first_text + text) * size);
    for (int64_t i = 0; i < size; i++) sum += maxima[i] * maxima[i];
    const float factor = 1 / sqrtf(sum), scale = factor / (1 - dropout);
    for (int64_t i = 0; i < size; i++)
        features[i] = dropout > 0 && draw(counter + (uint64_t)i + 1) < dropout ? 0 : maxima[i] * scale;
    return factor;
}

/* What a class adds to the cross-entropy. */
static double find_loss(float target, float p) {
    return -target * log(fminf(fmaxf(p, smallest_probability), 1 - smallest_probability));
}

static int64_t find_largest(const float *values, int64_t size) {
    int64_t largest = 0;
    for (int64_t i = 1; i < size; i++)
        if (values[i] > values[largest]) largest = i;
    return largest;
}

/* The expected weight of a text's class; 1 without weights. */
static float find_weight(const float *class_weights, const float *targets, int64_t size) {
    if (!class_weights) return 1;
    if (size == 1) return class_weights[0] + targets[0] * (class_weights[1] - class_weights[0]);
    float weight = 0;
    for (int64_t i = 0; i < size; i++) weight += class_weights[i] * targets[i];
    return weight;
}

/* Turn the outputs before the last activation into their gradients, and note the loss. */
static void differentiate_loss(const region_plan *plan, int64_t text, float *outputs) {
    const int64_t size = plan->network->num_outputs;
    const float *targets = plan->texts.targets + text * size;
    const float weight = find_weight(plan->network->class_weights, targets, size);
    double loss = 0;
    if (size == 1) {
        const float p = 1 / (1 + expf(-outputs[0]));
        plan->is_right[text] = (p > 0.5f) == (targets[0] > 0.5f);
        loss = find_loss(targets[0], p) + find_loss(1 - targets[0], 1 - p);
        outputs[0] = p - targets[0];
    } else {
        const int64_t answer = find_largest(outputs, size);
        const float largest = outputs[answer];
        float total = 0;
        for (int64_t i = 0; i < size; i++) total += outputs[i] = expf(outputs[i] - largest);
        plan->is_right[text] = answer == find_largest(targets, size);
        for (int64_t i = 0; i < size; i++) {
            outputs[i] /= total;
            loss += find_loss(targets[i], outputs[i]);
            outputs[i] -= targets[i];
        }
    }
    plan->losses[text] = weight * loss;
    for (int64_t i = 0; i < size; i++) outputs[i] = outputs[i] * weight / (float)plan->texts.num_texts;
}

/* From a text's maxima to their gradients. */
static void differentiate_share(void *context, int text) {
    const region_plan *plan = context;
    const region_network *network = plan->network;
    const int64_t size = plan->num_filters, num_outputs = network->num_outputs;
    const float factor = make_features(plan, text), *maxima = plan->maxima + text * size;
    const float *features = plan->features + text * size;
    float *d_maxima = plan->d_maxima + text * size, *outputs = plan->d_outputs + text * num_outputs, dot = 0;
    memcpy(outputs, network->head_bias, (size_t)num_outputs * sizeof(float));
    for (int64_t i = 0; i < size; i++)
        for (int64_t j = 0; j < num_outputs; j++) outputs[j] += features[i] * network->head[i * num_outputs + j];
    differentiate_loss(plan, text, outputs);
    for (int64_t i = 0; i < size; i++) {
        float d = 0;
        for (int64_t j = 0; j < num_outputs; j++) d += outputs[j] * network->head[i * num_outputs + j];
        d_maxima[i] = maxima[i] > 0 ? d * features[i] / maxima[i] : 0;
        dot += d * features[i];
    }
    dot *= factor * factor;
    for (int64_t i = 0; i < size; i++)
        if (maxima[i] > 0) d_maxima[i] -= maxima[i] * dot;
}

static void update(const region_network *network, float *value, float *square, float gradient) {
    *square += gradient * gradient;
    *value -= network->rate * gradient / sqrtf(*square + network->epsilon);
}

/* What the words at the maxima weigh for a block's filters: first the sums of squares grow, then the weights move. */
static void visit_weights(const region_plan *plan, const region_block *block, int64_t text, int moves) {
    const region_network *network = plan->network;
    const int64_t at = text * plan->num_filters + block->at;
    for (int64_t i = 0; i < block->size; i++) {
        const float d = plan->d_maxima[at + i];
        if (d == 0) continue;
        const int64_t place = plan->places[at + i], end = least(block->width, plan->texts.length - place);
        const int32_t *tokens = plan->texts.tokens + text * plan->texts.length + place;
        for (int64_t j = 0; j < end; j++) {
            if (!tokens[j]) continue;
            const int64_t weight = tokens[j] * plan->row + block->first + j * block->stride + i;
            if (moves)
                network->filters.table[weight] -=
                    network->rate * d / sqrtf(network->table_squares[weight] + network->epsilon);
            else
                network->table_squares[weight] += d * d;
        }
    }
}

/* Each text's gradient of a weight is squared by itself, as Keras does it with the rows of a table. */
static void update_block(const region_plan *plan, const region_block *block) {
    const region_network *network = plan->network;
    for (int moves = 0; moves < 2; moves++)
        for (int64_t text = 0; text < plan->texts.num_texts; text++) visit_weights(plan, block, text, moves);
    for (int64_t i = block->at; i < block->at + block->size; i++) {
        float sum = 0;
        for (int64_t text = 0; text < plan->texts.num_texts; text++) sum += plan->d_maxima[text * plan->num_filters + i];
        update(network, network->filters.bias + i, network->bias_squares + i, sum);
    }
}

static void update_head(const region_plan *plan) {
    const region_network *network = plan->network;
    const int64_t num_outputs = network->num_outputs, num_texts = plan->texts.num_texts;
    for (int64_t i = 0; i < plan->num_filters; i++)
        for (int64_t j = 0; j < num_outputs; j++) {
            float sum = 0;
            for (int64_t text = 0; text < num_texts; text++)
                sum += plan->features[text * plan->num_filters + i] * plan->d_outputs[text * num_outputs + j];
            update(network, network->head + i * num_outputs + j, network->head_squares + i * num_outputs + j, sum);
        }
    for (int64_t j = 0; j < num_outputs; j++) {
        float sum = 0;
        for (int64_t text = 0; text < num_texts; text++) sum += plan->d_outputs[text * num_outputs + j];
        update(network, network->head_bias + j, network->head_bias_squares + j, sum);
    }
}

static void update_share(void *context, int share) {
    const region_plan *plan = context;
    if (share == plan->num_blocks)
        update_head(plan);
    else
        update_block(plan, plan->blocks + share);
}

int region_fit(const region_network *network, const region_texts *texts, int64_t batch_size, double *loss,
               int64_t *num_right) {
    region_plan plan = make_plan(&network->filters);
    plan.network = network;
    void *memory = allocate_plan(&plan, least(batch_size, texts->num_texts), network->num_outputs);
    if (!memory) return -1;
    for (plan.first_text = 0; plan.first_text < texts->num_texts; plan.first_text += batch_size) {
        const int64_t num_texts = least(batch_size, texts->num_texts - plan.first_text);
        plan.texts = (region_texts){.num_texts = num_texts, .length = texts->length,
                                    .tokens = texts->tokens + plan.first_text * texts->length,
                                    .targets = texts->targets + plan.first_text * network->num_outputs};
        run_shares(recurrent_choose_level()->region_forward, &plan, (int)(num_texts * plan.num_blocks));
        run_shares(differentiate_share, &plan, (int)num_texts);
        run_shares(update_share, &plan, (int)plan.num_blocks + 1);
        for (int64_t i = 0; i < num_texts; i++) *loss += plan.losses[i], *num_right += plan.is_right[i];
    }
    free(memory);
    return 0;
}
