#include <stdlib.h>

#include "conv.h"
#include "region_units.h"
#include "tensorflow_call.h"
#include "tensorflow_ops.h"

enum { TOKENS, TABLE, BIAS, PARTS, NUM_INPUTS, KERNEL = NUM_INPUTS, NUM_MAXIMA_INPUTS, PLACES = NUM_MAXIMA_INPUTS,
       D_OUTPUTS, NUM_GRADIENT_INPUTS };
enum { MOST_PARTS = 16 };

static void *create_nothing(TF_OpKernelConstruction *construction) {
    (void)construction;
    return NULL;
}

/* Read the parts; returns the number of their units. */
static int64_t read_parts(call *c, region_units *units, region_units_part *parts) {
    require(c, TF_NumDims(c->tensors[PARTS]) == 2, "parts: expected (parts, 2)");
    if (TF_GetCode(c->status) != TF_OK) return 0;
    units->num_parts = TF_Dim(c->tensors[PARTS], 0);
    require(c, units->num_parts <= MOST_PARTS && TF_Dim(c->tensors[PARTS], 1) == 2, "parts: expected (at most 16, 2)");
    if (TF_GetCode(c->status) != TF_OK) return 0;
    const int32_t *sizes = data(c, PARTS);
    int64_t row = 0;
    for (int64_t i = 0; i < units->num_parts; i++) {
        parts[i] = (region_units_part){.size = sizes[2 * i], .units = sizes[2 * i + 1]};
        require(c, parts[i].size >= LEAST_REGION && parts[i].units >= 0 && parts[i].units % UNITS_MULTIPLE == 0,
                "parts: expected regions of at least 3 words and multiples of 16 units");
        row += parts[i].units;
    }
    units->parts = parts;
    return row;
}

static region_units describe_units(call *c, region_units_part *parts) {
    region_units units = {.num_texts = 0};
    if (TF_GetCode(c->status) != TF_OK) return units;
    const int64_t row = read_parts(c, &units, parts);
    require(c, TF_NumDims(c->tensors[TOKENS]) == 2, "tokens: expected (texts, length)");
    require(c, TF_NumDims(c->tensors[TABLE]) == 2, "table: expected (vocabulary, row)");
    require(c, has_shape(c, BIAS, SHAPE(row)), "bias: expected one for each unit");
    if (TF_GetCode(c->status) != TF_OK) return units;
    require(c, TF_Dim(c->tensors[TABLE], 1) == row, "table: expected a column for each unit");
    require(c, are_in_range(data(c, TOKENS), TF_Dim(c->tensors[TOKENS], 0) * TF_Dim(c->tensors[TOKENS], 1),
                            TF_Dim(c->tensors[TABLE], 0)),
            "tokens: expected rows of the table");
    units.num_texts = TF_Dim(c->tensors[TOKENS], 0);
    units.length = TF_Dim(c->tensors[TOKENS], 1);
    units.row = row;
    units.tokens = data(c, TOKENS);
    units.table = data(c, TABLE);
    units.bias = data(c, BIAS);
    return units;
}

static void compute_units(void *unused, TF_OpKernelContext *context) {
    (void)unused;
    call c = {.context = context, .status = TF_NewStatus()};
    region_units_part parts[MOST_PARTS];
    hold_inputs(&c, NUM_INPUTS);
    const region_units units = describe_units(&c, parts);
    float *values = allocate(&c, SHAPE(units.num_texts, units.length, units.row));
    if (TF_GetCode(c.status) == TF_OK) region_units_forward(&units, values);
    release(&c);
}

/* The maxima of a convolution over the units; the number of units is that of its features. */
static conv_problem describe_convolution(call *c, const region_units *units) {
    conv_problem p = {.units = units};
    if (TF_GetCode(c->status) != TF_OK) return p;
    require(c, TF_NumDims(c->tensors[KERNEL]) == 3, "kernel: expected (width, units, filters)");
    if (TF_GetCode(c->status) != TF_OK) return p;
    p.batch = units->num_texts;
    p.length = units->length;
    p.features = units->row;
    p.width = TF_Dim(c->tensors[KERNEL], 0);
    p.filters = TF_Dim(c->tensors[KERNEL], 2);
    require(c, TF_Dim(c->tensors[KERNEL], 1) == p.features && p.features > 0, "kernel: expected the number of units");
    require(c, p.width > 0 && p.width <= p.length, "kernel: expected a width from 1 to the length");
    require(c, p.filters % CONV_FILTERS == 0, "kernel: expected a multiple of 16 filters");
    p.kernel = data(c, KERNEL);
    return p;
}

/* The maximum keeps an axis of one position, as that of a convolution over an array does. */
static void compute_maxima(void *unused, TF_OpKernelContext *context) {
    (void)unused;
    call c = {.context = context, .status = TF_NewStatus()};
    region_units_part parts[MOST_PARTS];
    hold_inputs(&c, NUM_MAXIMA_INPUTS);
    const region_units units = describe_units(&c, parts);
    const conv_problem p = describe_convolution(&c, &units);
    float *outputs = allocate(&c, SHAPE(p.batch, 1, p.filters));
    int32_t *places = allocate_integers(&c, SHAPE(p.batch, p.filters));
    if (TF_GetCode(c.status) == TF_OK) fail_without_memory(&c, conv_max_forward(&p, outputs, places));
    release(&c);
}

static void compute_maxima_gradient(void *unused, TF_OpKernelContext *context) {
    (void)unused;
    call c = {.context = context, .status = TF_NewStatus()};
    region_units_part parts[MOST_PARTS];
    hold_inputs(&c, NUM_GRADIENT_INPUTS);
    const region_units units = describe_units(&c, parts);
    const conv_problem p = describe_convolution(&c, &units);
    if (TF_GetCode(c.status) == TF_OK) {
        require(&c, has_shape(&c, PLACES, SHAPE(p.batch, p.filters)), "places: expected (texts, filters)");
        require(&c, has_shape(&c, D_OUTPUTS, SHAPE(p.batch, 1, p.filters)), "outputs' gradient: expected their shape");
        require(&c, TF_GetCode(c.status) != TF_OK ||
                        are_in_range(data(&c, PLACES), p.batch * p.filters, p.length - p.width + 1),
                "places: expected positions of the outputs");
    }
    float *d_kernel = allocate(&c, SHAPE(p.width, p.features, p.filters));
    if (TF_GetCode(c.status) == TF_OK)
        fail_without_memory(&c, conv_max_backward(&p, data(&c, PLACES), data(&c, D_OUTPUTS), NULL, d_kernel));
    release(&c);
}

void register_region_units(TF_Status *status) {
    static const char *const inputs[] = {"tokens: int32", "table: float", "bias: float", "parts: int32", NULL};
    static const char *const outputs[] = {"values: float", NULL};
    static const char *const maxima_inputs[] = {"tokens: int32", "table: float", "bias: float", "parts: int32",
                                                "kernel: float", NULL};
    static const char *const maxima[] = {"outputs: float", "places: int32", NULL};
    static const char *const gradient_inputs[] = {"tokens: int32", "table: float",  "bias: float",      "parts: int32",
                                                  "kernel: float", "places: int32", "d_outputs: float", NULL};
    static const char *const gradients[] = {"d_kernel: float", NULL};
    static const char *const none = NULL;
    register_operation("BakeoffRegionUnits", inputs, outputs, &none, create_nothing, compute_units, status);
    register_operation("BakeoffRegionConvMax", maxima_inputs, maxima, &none, create_nothing, compute_maxima, status);
    register_operation("BakeoffRegionConvMaxGrad", gradient_inputs, gradients, &none, create_nothing,
                       compute_maxima_gradient, status);
}
