#include <stdlib.h>

#include "region.h"
#include "tensorflow_call.h"
#include "tensorflow_ops.h"

enum { TOKENS, TABLE, BIAS, PARTS, NUM_INPUTS };
enum { MOST_PARTS = 16 };

static void *create_nothing(TF_OpKernelConstruction *construction) {
    (void)construction;
    return NULL;
}

/* Read the parts, and check that the table and the bias have room for exactly their filters. */
static region_filters describe_filters(call *c, region_part *parts) {
    region_filters filters = {.num_parts = 0};
    if (TF_GetCode(c->status) != TF_OK) return filters;
    require(c, TF_NumDims(c->tensors[PARTS]) == 2, "parts: expected (parts, 2)");
    require(c, TF_NumDims(c->tensors[TABLE]) == 2, "table: expected (vocabulary, row)");
    if (TF_GetCode(c->status) != TF_OK) return filters;
    const int64_t num_parts = TF_Dim(c->tensors[PARTS], 0);
    require(c, num_parts <= MOST_PARTS && TF_Dim(c->tensors[PARTS], 1) == 2, "parts: expected (at most 16, 2)");
    if (TF_GetCode(c->status) != TF_OK) return filters;
    const int32_t *sizes = data(c, PARTS);
    int64_t num_filters = 0, row = 0;
    for (int64_t i = 0; i < num_parts; i++) {
        parts[i] = (region_part){.width = sizes[2 * i], .filters = sizes[2 * i + 1]};
        require(c, parts[i].width > 0 && parts[i].filters >= 0 && parts[i].filters % REGION_FILTERS == 0,
                "parts: expected positive widths and multiples of 16 filters");
        num_filters += parts[i].filters;
        row += parts[i].width * parts[i].filters;
    }
    require(c, TF_Dim(c->tensors[TABLE], 1) == row, "table: expected width x filters columns for each part");
    require(c, has_shape(c, BIAS, SHAPE(num_filters)), "bias: expected one for each filter");
    return (region_filters){.num_parts = num_parts, .parts = parts, .table = data(c, TABLE), .bias = data(c, BIAS)};
}

static void compute_region(void *unused, TF_OpKernelContext *context) {
    (void)unused;
    call c = {.context = context, .status = TF_NewStatus()};
    region_part parts[MOST_PARTS];
    region_texts texts = {.num_texts = 0};
    hold_inputs(&c, NUM_INPUTS);
    const region_filters filters = describe_filters(&c, parts);
    if (TF_GetCode(c.status) == TF_OK)
        require(&c, TF_NumDims(c.tensors[TOKENS]) == 2, "tokens: expected (texts, length)");
    if (TF_GetCode(c.status) == TF_OK) {
        texts = (region_texts){.num_texts = TF_Dim(c.tensors[TOKENS], 0), .length = TF_Dim(c.tensors[TOKENS], 1),
                               .tokens = data(&c, TOKENS)};
        require(&c, are_in_range(texts.tokens, texts.num_texts * texts.length, TF_Dim(c.tensors[TABLE], 0)),
                "tokens: expected rows of the table");
    }
    const int64_t num_filters = TF_GetCode(c.status) == TF_OK ? TF_Dim(c.tensors[BIAS], 0) : 0;
    float *outputs = allocate(&c, SHAPE(texts.num_texts, num_filters));
    if (TF_GetCode(c.status) == TF_OK) fail_without_memory(&c, region_forward(&filters, &texts, outputs));
    release(&c);
}

void register_region(TF_Status *status) {
    static const char *const inputs[] = {"tokens: int32", "table: float", "bias: float", "parts: int32", NULL};
    static const char *const outputs[] = {"outputs: float", NULL};
    static const char *const none = NULL;
    register_operation("BakeoffRegion", inputs, outputs, &none, create_nothing, compute_region, status);
}
