#include <stdlib.h>

#include "recurrent.h"
#include "tensorflow_call.h"
#include "tensorflow_ops.h"

typedef struct {
    int64_t cell;
    unsigned char go_backwards, zero_masked, return_sequences, save;
} settings;

static const int NUM_GATES[NUM_CELLS] = {4, 3, 1}, NUM_BIASES[NUM_CELLS] = {4, 6, 1};

enum { INPUTS, KERNEL, RECURRENT, BIAS, HIDDEN, CARRY, MASK, NUM_INPUTS };
enum { SAVED = NUM_INPUTS, D_OUTPUTS, D_OUTPUT, D_HIDDEN, D_CARRY, NUM_GRADIENT_INPUTS };
_Static_assert((int)NUM_GRADIENT_INPUTS <= (int)MOST_TENSORS, "a call holds all inputs");

static void *create(TF_OpKernelConstruction *construction) {
    settings *chosen = calloc(1, sizeof *chosen);
    TF_Status *status = TF_NewStatus();
    if (!chosen) {
        TF_SetStatus(status, TF_RESOURCE_EXHAUSTED, "out of memory");
    } else {
        TF_OpKernelConstruction_GetAttrInt64(construction, "cell", &chosen->cell, status);
        const struct { const char *name; unsigned char *at; } flags[] = {
            {"go_backwards", &chosen->go_backwards},
            {"zero_masked", &chosen->zero_masked},
            {"return_sequences", &chosen->return_sequences},
            {"save", &chosen->save},
        };
        for (size_t i = 0; i < sizeof flags / sizeof *flags && TF_GetCode(status) == TF_OK; i++)
            TF_OpKernelConstruction_GetAttrBool(construction, flags[i].name, flags[i].at, status);
        if (TF_GetCode(status) == TF_OK && (chosen->cell < 0 || chosen->cell >= NUM_CELLS))
            TF_SetStatus(status, TF_INVALID_ARGUMENT, "cell: expected 0 (LSTM), 1 (GRU) or 2 (SimpleRNN)");
    }
    if (TF_GetCode(status) != TF_OK) TF_OpKernelConstruction_Failure(construction, status);
    TF_DeleteStatus(status);
    return chosen;
}

static recurrent_problem describe(call *c, const settings *chosen) {
    recurrent_problem p = {.cell = (int32_t)chosen->cell, .go_backwards = chosen->go_backwards,
                           .zero_masked = chosen->zero_masked};
    if (TF_GetCode(c->status) != TF_OK) return p;
    require(c, TF_NumDims(c->tensors[INPUTS]) == 3, "inputs: expected (batch, length, features)");
    require(c, TF_NumDims(c->tensors[HIDDEN]) == 2, "hidden: expected (batch, units)");
    if (TF_GetCode(c->status) != TF_OK) return p;
    p.batch = TF_Dim(c->tensors[INPUTS], 0);
    p.length = TF_Dim(c->tensors[INPUTS], 1);
    p.features = TF_Dim(c->tensors[INPUTS], 2);
    p.units = TF_Dim(c->tensors[HIDDEN], 1);
    const int64_t width = NUM_GATES[p.cell] * p.units;
    const int has_mask = !has_shape(c, MASK, SHAPE(0, 0));
    require(c, p.length > 0 && p.features > 0 && p.units > 0, "inputs: expected at least one step, feature and unit");
    require(c, has_shape(c, KERNEL, SHAPE(p.features, width)), "kernel: expected (features, gates * units)");
    require(c, has_shape(c, RECURRENT, SHAPE(p.units, width)), "recurrent: expected (units, gates * units)");
    require(c, has_shape(c, BIAS, SHAPE(NUM_BIASES[p.cell] * p.units)), "bias: expected (gates * units)");
    require(c, has_shape(c, HIDDEN, SHAPE(p.batch, p.units)), "hidden: expected (batch, units)");
    require(c, p.cell != CELL_LSTM || has_shape(c, CARRY, SHAPE(p.batch, p.units)), "carry: expected (batch, units)");
    require(c, !has_mask || has_shape(c, MASK, SHAPE(p.batch, p.length)), "mask: expected (batch, length) or (0, 0)");
    p.inputs = data(c, INPUTS);
    p.kernel = data(c, KERNEL);
    p.recurrent = data(c, RECURRENT);
    p.bias = data(c, BIAS);
    p.hidden = data(c, HIDDEN);
    p.carry = data(c, CARRY);
    p.mask = has_mask ? data(c, MASK) : NULL;
    return p;
}

static void compute_forward(void *kernel, TF_OpKernelContext *context) {
    const settings *chosen = kernel;
    call c = {.context = context, .status = TF_NewStatus()};
    hold_inputs(&c, NUM_INPUTS);
    const recurrent_problem p = describe(&c, chosen);
    const int64_t length = chosen->return_sequences ? p.length : 0, carry_units = p.cell == CELL_LSTM ? p.units : 0;
    float *outputs = allocate(&c, SHAPE(p.batch, length, p.units)), *output = allocate(&c, SHAPE(p.batch, p.units));
    float *hidden = allocate(&c, SHAPE(p.batch, p.units)), *carry = allocate(&c, SHAPE(p.batch, carry_units));
    float *saved = allocate(&c, SHAPE(chosen->save ? recurrent_saved_size(&p) : 0));
    if (TF_GetCode(c.status) == TF_OK) {
        const recurrent_result result = {.outputs = chosen->return_sequences ? outputs : NULL, .output = output,
                                         .hidden = hidden, .carry = carry, .saved = chosen->save ? saved : NULL};
        fail_without_memory(&c, recurrent_forward(&p, &result));
    }
    release(&c);
}

static void compute_gradient(void *kernel, TF_OpKernelContext *context) {
    const settings *chosen = kernel;
    call c = {.context = context, .status = TF_NewStatus()};
    hold_inputs(&c, NUM_GRADIENT_INPUTS);
    const recurrent_problem p = describe(&c, chosen);
    const int64_t length = chosen->return_sequences ? p.length : 0, carry_units = p.cell == CELL_LSTM ? p.units : 0;
    if (TF_GetCode(c.status) == TF_OK) {
        require(&c, has_shape(&c, SAVED, SHAPE(recurrent_saved_size(&p))), "saved: expected what the layer saved");
        require(&c, has_shape(&c, D_OUTPUTS, SHAPE(p.batch, length, p.units)),
                "outputs' gradient: expected their shape");
        require(&c, has_shape(&c, D_OUTPUT, SHAPE(p.batch, p.units)), "output's gradient: expected its shape");
        require(&c, has_shape(&c, D_HIDDEN, SHAPE(p.batch, p.units)), "hidden's gradient: expected its shape");
        require(&c, has_shape(&c, D_CARRY, SHAPE(p.batch, carry_units)), "carry's gradient: expected its shape");
    }
    const int64_t width = NUM_GATES[p.cell] * p.units;
    recurrent_gradients gradients;
    gradients.inputs = allocate(&c, SHAPE(p.batch, p.length, p.features));
    gradients.kernel = allocate(&c, SHAPE(p.features, width));
    gradients.recurrent = allocate(&c, SHAPE(p.units, width));
    gradients.bias = allocate(&c, SHAPE(NUM_BIASES[p.cell] * p.units));
    gradients.hidden = allocate(&c, SHAPE(p.batch, p.units));
    gradients.carry = allocate(&c, SHAPE(p.batch, carry_units));
    if (TF_GetCode(c.status) == TF_OK) {
        const recurrent_upstream upstream = {.saved = data(&c, SAVED),
                                             .outputs = chosen->return_sequences ? data(&c, D_OUTPUTS) : NULL,
                                             .output = data(&c, D_OUTPUT), .hidden = data(&c, D_HIDDEN),
                                             .carry = data(&c, D_CARRY)};
        fail_without_memory(&c, recurrent_backward(&p, &upstream, &gradients));
    }
    release(&c);
}

void register_recurrent(TF_Status *status) {
    static const char *const inputs[] = {"inputs: float", "kernel: float", "recurrent: float", "bias: float",
                                         "hidden: float", "carry: float", "mask: bool", NULL};
    static const char *const outputs[] = {"outputs: float", "output: float", "last_hidden: float",
                                          "last_carry: float", "saved: float", NULL};
    static const char *const gradient_inputs[] = {
        "inputs: float", "kernel: float", "recurrent: float", "bias: float", "hidden: float", "carry: float",
        "mask: bool", "saved: float", "d_outputs: float", "d_output: float", "d_last_hidden: float",
        "d_last_carry: float", NULL};
    static const char *const gradients[] = {"d_inputs: float", "d_kernel: float", "d_recurrent: float",
                                            "d_bias: float", "d_hidden: float", "d_carry: float", NULL};
    static const char *const attributes[] = {"cell: int", "go_backwards: bool", "zero_masked: bool",
                                             "return_sequences: bool", "save: bool", NULL};
    register_operation("BakeoffRecurrent", inputs, outputs, attributes, create, compute_forward, status);
    register_operation("BakeoffRecurrentGrad", gradient_inputs, gradients, attributes, create, compute_gradient,
                       status);
}
