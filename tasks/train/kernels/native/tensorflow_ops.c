/* The kernels as operations of TensorFlow's graph, registered when tf.load_op_library loads this library.
 *
 * They go through TensorFlow's C API, whose few functions are declared here and looked up at run time, so that the
 * library builds without TensorFlow and works with any version that keeps this API. Without TensorFlow nothing happens.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>

#include "adam.h"
#include "conv.h"
#include "recurrent.h"

enum { TYPE_FLOAT = 1, TYPE_INT32 = 3, STATUS_INVALID_ARGUMENT = 3, STATUS_RESOURCE_EXHAUSTED = 8, STATUS_OK = 0 };

typedef void opaque;

#define API_FUNCTIONS(each)                                                                                     \
    each(opaque *, TF_NewOpDefinitionBuilder, (const char *))                                                   \
    each(void, TF_OpDefinitionBuilderAddInput, (opaque *, const char *))                                        \
    each(void, TF_OpDefinitionBuilderAddOutput, (opaque *, const char *))                                       \
    each(void, TF_OpDefinitionBuilderAddAttr, (opaque *, const char *))                                         \
    each(void, TF_OpDefinitionBuilderSetShapeInferenceFunction, (opaque *, void (*)(opaque *, opaque *)))       \
    each(void, TF_RegisterOpDefinition, (opaque *, opaque *))                                                   \
    each(void, TF_ShapeInferenceContextSetUnknownShape, (opaque *, opaque *))                                   \
    each(opaque *, TF_NewKernelBuilder,                                                                         \
         (const char *, const char *, void *(*)(opaque *), void (*)(void *, opaque *), void (*)(void *)))       \
    each(void, TF_RegisterKernelBuilder, (const char *, opaque *, opaque *))                                    \
    each(void, TF_OpKernelConstruction_GetAttrInt64, (opaque *, const char *, int64_t *, opaque *))             \
    each(void, TF_OpKernelConstruction_GetAttrBool, (opaque *, const char *, unsigned char *, opaque *))        \
    each(void, TF_OpKernelConstruction_GetAttrFloat, (opaque *, const char *, float *, opaque *))               \
    each(void, TF_OpKernelConstruction_Failure, (opaque *, opaque *))                                           \
    each(void, TF_GetInput, (opaque *, int, opaque **, opaque *))                                               \
    each(opaque *, TF_AllocateOutput, (opaque *, int, int, const int64_t *, int, size_t, opaque *))             \
    each(void, TF_OpKernelContext_Failure, (opaque *, opaque *))                                                \
    each(void *, TF_TensorData, (const opaque *))                                                               \
    each(int, TF_NumDims, (const opaque *))                                                                     \
    each(int64_t, TF_Dim, (const opaque *, int))                                                                \
    each(void, TF_DeleteTensor, (opaque *))                                                                     \
    each(opaque *, TF_NewStatus, (void))                                                                        \
    each(void, TF_DeleteStatus, (opaque *))                                                                     \
    each(void, TF_SetStatus, (opaque *, int, const char *))                                                     \
    each(int, TF_GetCode, (const opaque *))

#define DECLARE(type, name, arguments) static type(*name) arguments;
API_FUNCTIONS(DECLARE)

/* Tell whether TensorFlow is loaded and has every function. */
static int find_api(void) {
    static const char *const names[] = {"libtensorflow_framework.so.2", "libtensorflow_framework.2.dylib"};
    void *library = NULL;
    for (size_t i = 0; !library && i < sizeof names / sizeof *names; i++)
        library = dlopen(names[i], RTLD_NOW | RTLD_NOLOAD);
    if (!library) return 0;
#define FIND(type, name, arguments) \
    if (!(*(void **)&name = dlsym(library, #name))) return 0;
    API_FUNCTIONS(FIND)
    return 1;
}

/* The operation's settings. */
typedef struct {
    int64_t cell;
    unsigned char go_backwards, zero_masked, return_sequences, save;
} settings;

static const int NUM_GATES[NUM_CELLS] = {4, 3, 1}, NUM_BIASES[NUM_CELLS] = {4, 6, 1};

static void *create(opaque *construction) {
    settings *chosen = calloc(1, sizeof *chosen);
    opaque *status = TF_NewStatus();
    if (!chosen) {
        TF_SetStatus(status, STATUS_RESOURCE_EXHAUSTED, "out of memory");
    } else {
        TF_OpKernelConstruction_GetAttrInt64(construction, "cell", &chosen->cell, status);
        const struct { const char *name; unsigned char *at; } flags[] = {
            {"go_backwards", &chosen->go_backwards},
            {"zero_masked", &chosen->zero_masked},
            {"return_sequences", &chosen->return_sequences},
            {"save", &chosen->save},
        };
        for (size_t i = 0; i < sizeof flags / sizeof *flags && TF_GetCode(status) == STATUS_OK; i++)
            TF_OpKernelConstruction_GetAttrBool(construction, flags[i].name, flags[i].at, status);
        if (TF_GetCode(status) == STATUS_OK && (chosen->cell < 0 || chosen->cell >= NUM_CELLS))
            TF_SetStatus(status, STATUS_INVALID_ARGUMENT, "cell: expected 0 (LSTM), 1 (GRU) or 2 (SimpleRNN)");
    }
    if (TF_GetCode(status) != STATUS_OK) TF_OpKernelConstruction_Failure(construction, status);
    TF_DeleteStatus(status);
    return chosen;
}

/* The inputs of one call, which are held until it ends. */
enum { INPUTS, KERNEL, RECURRENT, BIAS, HIDDEN, CARRY, MASK, NUM_INPUTS };
enum { SAVED = NUM_INPUTS, D_OUTPUTS, D_OUTPUT, D_HIDDEN, D_CARRY, NUM_GRADIENT_INPUTS };

typedef struct {
    opaque *context, *status;
    opaque *tensors[NUM_GRADIENT_INPUTS];
    opaque *results[NUM_GRADIENT_INPUTS];
    int num_results;
} call;

static void hold_inputs(call *c, int count) {
    for (int i = 0; i < count && TF_GetCode(c->status) == STATUS_OK; i++)
        TF_GetInput(c->context, i, &c->tensors[i], c->status);
}

static void release(call *c) {
    if (TF_GetCode(c->status) != STATUS_OK) TF_OpKernelContext_Failure(c->context, c->status);
    for (int i = 0; i < NUM_GRADIENT_INPUTS; i++)
        if (c->tensors[i]) TF_DeleteTensor(c->tensors[i]);
    for (int i = 0; i < c->num_results; i++)
        if (c->results[i]) TF_DeleteTensor(c->results[i]);
    TF_DeleteStatus(c->status);
}

static int has_shape(const call *c, int index, int num_dims, const int64_t *dims) {
    const opaque *tensor = c->tensors[index];
    if (TF_NumDims(tensor) != num_dims) return 0;
    for (int i = 0; i < num_dims; i++)
        if (TF_Dim(tensor, i) != dims[i]) return 0;
    return 1;
}

static void require(call *c, int holds, const char *expectation) {
    if (TF_GetCode(c->status) == STATUS_OK && !holds) TF_SetStatus(c->status, STATUS_INVALID_ARGUMENT, expectation);
}

static void *data(const call *c, int index) { return TF_TensorData(c->tensors[index]); }

#define SHAPE(...) sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t), (const int64_t[]){__VA_ARGS__}

static recurrent_problem describe(call *c, const settings *chosen) {
    recurrent_problem p = {.cell = (int32_t)chosen->cell, .go_backwards = chosen->go_backwards,
                           .zero_masked = chosen->zero_masked};
    if (TF_GetCode(c->status) != STATUS_OK) return p;
    require(c, TF_NumDims(c->tensors[INPUTS]) == 3, "inputs: expected (batch, length, features)");
    require(c, TF_NumDims(c->tensors[HIDDEN]) == 2, "hidden: expected (batch, units)");
    if (TF_GetCode(c->status) != STATUS_OK) return p;
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

/* Both types have four bytes. */
static void *allocate_type(call *c, int type, int num_dims, const int64_t *dims) {
    if (TF_GetCode(c->status) != STATUS_OK) return NULL;
    size_t size = sizeof(float);
    for (int i = 0; i < num_dims; i++) size *= (size_t)dims[i];
    const int index = c->num_results++;
    c->results[index] = TF_AllocateOutput(c->context, index, type, dims, num_dims, size, c->status);
    return TF_GetCode(c->status) == STATUS_OK ? TF_TensorData(c->results[index]) : NULL;
}

static float *allocate(call *c, int num_dims, const int64_t *dims) {
    return allocate_type(c, TYPE_FLOAT, num_dims, dims);
}

static void fail_without_memory(call *c, int failed) {
    if (failed) TF_SetStatus(c->status, STATUS_RESOURCE_EXHAUSTED, "out of memory");
}

static void compute_forward(void *kernel, opaque *context) {
    const settings *chosen = kernel;
    call c = {.context = context, .status = TF_NewStatus()};
    hold_inputs(&c, NUM_INPUTS);
    const recurrent_problem p = describe(&c, chosen);
    const int64_t length = chosen->return_sequences ? p.length : 0, carry_units = p.cell == CELL_LSTM ? p.units : 0;
    float *outputs = allocate(&c, SHAPE(p.batch, length, p.units)), *output = allocate(&c, SHAPE(p.batch, p.units));
    float *hidden = allocate(&c, SHAPE(p.batch, p.units)), *carry = allocate(&c, SHAPE(p.batch, carry_units));
    float *saved = allocate(&c, SHAPE(chosen->save ? recurrent_saved_size(&p) : 0));
    if (TF_GetCode(c.status) == STATUS_OK) {
        const recurrent_result result = {.outputs = chosen->return_sequences ? outputs : NULL, .output = output,
                                         .hidden = hidden, .carry = carry, .saved = chosen->save ? saved : NULL};
        fail_without_memory(&c, recurrent_forward(&p, &result));
    }
    release(&c);
}

static void compute_gradient(void *kernel, opaque *context) {
    const settings *chosen = kernel;
    call c = {.context = context, .status = TF_NewStatus()};
    hold_inputs(&c, NUM_GRADIENT_INPUTS);
    const recurrent_problem p = describe(&c, chosen);
    const int64_t length = chosen->return_sequences ? p.length : 0, carry_units = p.cell == CELL_LSTM ? p.units : 0;
    if (TF_GetCode(c.status) == STATUS_OK) {
        require(&c, has_shape(&c, SAVED, SHAPE(recurrent_saved_size(&p))), "saved: expected what the layer saved");
        require(&c, has_shape(&c, D_OUTPUTS, SHAPE(p.batch, length, p.units)), "outputs' gradient: expected their shape");
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
    if (TF_GetCode(c.status) == STATUS_OK) {
        const recurrent_upstream upstream = {.saved = data(&c, SAVED),
                                             .outputs = chosen->return_sequences ? data(&c, D_OUTPUTS) : NULL,
                                             .output = data(&c, D_OUTPUT), .hidden = data(&c, D_HIDDEN),
                                             .carry = data(&c, D_CARRY)};
        fail_without_memory(&c, recurrent_backward(&p, &upstream, &gradients));
    }
    release(&c);
}

typedef struct {
    float momentum_step, velocity_step, epsilon;
    unsigned char is_sparse;
} adam_settings;

static void *create_adam(opaque *construction) {
    adam_settings *chosen = calloc(1, sizeof *chosen);
    opaque *status = TF_NewStatus();
    if (!chosen) TF_SetStatus(status, STATUS_RESOURCE_EXHAUSTED, "out of memory");
    if (chosen) TF_OpKernelConstruction_GetAttrFloat(construction, "momentum_step", &chosen->momentum_step, status);
    if (TF_GetCode(status) == STATUS_OK)
        TF_OpKernelConstruction_GetAttrFloat(construction, "velocity_step", &chosen->velocity_step, status);
    if (TF_GetCode(status) == STATUS_OK)
        TF_OpKernelConstruction_GetAttrFloat(construction, "epsilon", &chosen->epsilon, status);
    if (TF_GetCode(status) == STATUS_OK)
        TF_OpKernelConstruction_GetAttrBool(construction, "is_sparse", &chosen->is_sparse, status);
    if (TF_GetCode(status) != STATUS_OK) TF_OpKernelConstruction_Failure(construction, status);
    TF_DeleteStatus(status);
    return chosen;
}

enum { VARIABLE, MOMENTUM, VELOCITY, RATE, GRADIENT, INDICES, NUM_ADAM_INPUTS };
enum { MOST_DIMS = 8 };

/* Tell whether a tensor has the variable's shape, its number of rows apart where `any_rows` is true. */
static int is_like_variable(const call *c, int index, int any_rows) {
    const opaque *variable = c->tensors[VARIABLE], *tensor = c->tensors[index];
    if (TF_NumDims(tensor) != TF_NumDims(variable)) return 0;
    for (int i = any_rows; i < TF_NumDims(variable); i++)
        if (TF_Dim(tensor, i) != TF_Dim(variable, i)) return 0;
    return 1;
}

static int are_in_range(const int32_t *indices, int64_t count, int64_t end) {
    int in_range = 1;
    for (int64_t i = 0; i < count; i++) in_range &= indices[i] >= 0 && indices[i] < end;
    return in_range;
}

static void compute_adam(void *kernel, opaque *context) {
    const adam_settings *chosen = kernel;
    call c = {.context = context, .status = TF_NewStatus()};
    adam_update update = {.momentum_step = chosen->momentum_step, .velocity_step = chosen->velocity_step,
                          .epsilon = chosen->epsilon, .is_sparse = chosen->is_sparse, .num_rows = 1, .row_size = 1};
    int64_t dims[MOST_DIMS];
    int num_dims = 0;
    hold_inputs(&c, NUM_ADAM_INPUTS);
    if (TF_GetCode(c.status) == STATUS_OK) {
        num_dims = TF_NumDims(c.tensors[VARIABLE]);
        require(&c, num_dims <= MOST_DIMS && num_dims >= chosen->is_sparse, "variable: expected 1 to 8 axes");
        require(&c, is_like_variable(&c, MOMENTUM, 0), "momentum: expected the variable's shape");
        require(&c, is_like_variable(&c, VELOCITY, 0), "velocity: expected the variable's shape");
        require(&c, is_like_variable(&c, GRADIENT, chosen->is_sparse), "gradient: expected the variable's shape");
        require(&c, TF_NumDims(c.tensors[RATE]) == 0, "rate: expected a scalar");
    }
    if (TF_GetCode(c.status) == STATUS_OK) {
        for (int i = 0; i < num_dims; i++) {
            dims[i] = TF_Dim(c.tensors[VARIABLE], i);
            *(chosen->is_sparse && i > 0 ? &update.row_size : &update.num_rows) *= dims[i];
        }
        if (chosen->is_sparse) {
            update.num_indices = TF_Dim(c.tensors[GRADIENT], 0);
            update.indices = data(&c, INDICES);
            require(&c, has_shape(&c, INDICES, SHAPE(update.num_indices)), "indices: expected one for each gradient");
            require(&c, TF_GetCode(c.status) != STATUS_OK ||
                            are_in_range(update.indices, update.num_indices, update.num_rows),
                    "indices: expected rows of the variable");
        }
    }
    update.new_variable = allocate(&c, num_dims, dims);
    update.new_momentum = allocate(&c, num_dims, dims);
    update.new_velocity = allocate(&c, num_dims, dims);
    if (TF_GetCode(c.status) == STATUS_OK) {
        update.variable = data(&c, VARIABLE);
        update.momentum = data(&c, MOMENTUM);
        update.velocity = data(&c, VELOCITY);
        update.rate = *(const float *)data(&c, RATE);
        update.gradient = data(&c, GRADIENT);
        fail_without_memory(&c, adam_apply(&update));
    }
    release(&c);
}

typedef struct {
    unsigned char is_rectified;
} conv_settings;

static void *create_conv(opaque *construction) {
    conv_settings *chosen = calloc(1, sizeof *chosen);
    opaque *status = TF_NewStatus();
    if (!chosen) TF_SetStatus(status, STATUS_RESOURCE_EXHAUSTED, "out of memory");
    if (chosen) TF_OpKernelConstruction_GetAttrBool(construction, "is_rectified", &chosen->is_rectified, status);
    if (TF_GetCode(status) != STATUS_OK) TF_OpKernelConstruction_Failure(construction, status);
    TF_DeleteStatus(status);
    return chosen;
}

enum { CONV_INPUTS, CONV_KERNEL, CONV_BIAS, NUM_CONV_INPUTS, CONV_OUTPUTS = NUM_CONV_INPUTS, CONV_D_OUTPUTS,
       NUM_CONV_GRADIENT_INPUTS };

static void *create_nothing(opaque *construction) {
    (void)construction;
    return NULL;
}

static conv_problem describe_windows(call *c) {
    conv_problem p = {.batch = 0};
    if (TF_GetCode(c->status) != STATUS_OK) return p;
    require(c, TF_NumDims(c->tensors[CONV_INPUTS]) == 3, "inputs: expected (batch, length, features)");
    require(c, TF_NumDims(c->tensors[CONV_KERNEL]) == 3, "kernel: expected (width, features, filters)");
    if (TF_GetCode(c->status) != STATUS_OK) return p;
    p.batch = TF_Dim(c->tensors[CONV_INPUTS], 0);
    p.length = TF_Dim(c->tensors[CONV_INPUTS], 1);
    p.features = TF_Dim(c->tensors[CONV_INPUTS], 2);
    p.width = TF_Dim(c->tensors[CONV_KERNEL], 0);
    p.filters = TF_Dim(c->tensors[CONV_KERNEL], 2);
    require(c, TF_Dim(c->tensors[CONV_KERNEL], 1) == p.features, "kernel: expected the inputs' features");
    require(c, p.width > 0 && p.width <= p.length, "kernel: expected a width from 1 to the length");
    require(c, p.features > 0, "inputs: expected at least one feature");
    require(c, p.filters % CONV_FILTERS == 0, "kernel: expected a multiple of 16 filters");
    p.inputs = data(c, CONV_INPUTS);
    p.kernel = data(c, CONV_KERNEL);
    return p;
}

static conv_problem describe_conv(call *c, const conv_settings *chosen) {
    conv_problem p = describe_windows(c);
    p.is_rectified = chosen->is_rectified;
    if (TF_GetCode(c->status) != STATUS_OK) return p;
    require(c, has_shape(c, CONV_BIAS, SHAPE(p.filters)), "bias: expected (filters)");
    p.bias = data(c, CONV_BIAS);
    return p;
}

static void compute_conv(void *kernel, opaque *context) {
    call c = {.context = context, .status = TF_NewStatus()};
    hold_inputs(&c, NUM_CONV_INPUTS);
    const conv_problem p = describe_conv(&c, kernel);
    float *outputs = allocate(&c, SHAPE(p.batch, p.length - p.width + 1, p.filters));
    if (TF_GetCode(c.status) == STATUS_OK) fail_without_memory(&c, conv_forward(&p, outputs));
    release(&c);
}

static void compute_conv_gradient(void *kernel, opaque *context) {
    call c = {.context = context, .status = TF_NewStatus()};
    hold_inputs(&c, NUM_CONV_GRADIENT_INPUTS);
    const conv_problem p = describe_conv(&c, kernel);
    if (TF_GetCode(c.status) == STATUS_OK) {
        const int64_t positions = p.length - p.width + 1;
        require(&c, has_shape(&c, CONV_OUTPUTS, SHAPE(p.batch, positions, p.filters)), "outputs: expected their shape");
        require(&c, has_shape(&c, CONV_D_OUTPUTS, SHAPE(p.batch, positions, p.filters)),
                "outputs' gradient: expected their shape");
    }
    conv_gradients gradients;
    gradients.inputs = allocate(&c, SHAPE(p.batch, p.length, p.features));
    gradients.kernel = allocate(&c, SHAPE(p.width, p.features, p.filters));
    gradients.bias = allocate(&c, SHAPE(p.filters));
    if (TF_GetCode(c.status) == STATUS_OK)
        fail_without_memory(&c, conv_backward(&p, data(&c, CONV_OUTPUTS), data(&c, CONV_D_OUTPUTS), &gradients));
    release(&c);
}

/* The maximum keeps an axis of one position, so that what follows takes it for the outputs. */
static void compute_conv_max(void *unused, opaque *context) {
    (void)unused;
    call c = {.context = context, .status = TF_NewStatus()};
    hold_inputs(&c, 2);
    const conv_problem p = describe_windows(&c);
    float *outputs = allocate(&c, SHAPE(p.batch, 1, p.filters));
    int32_t *places = allocate_type(&c, TYPE_INT32, SHAPE(p.batch, p.filters));
    if (TF_GetCode(c.status) == STATUS_OK) fail_without_memory(&c, conv_max_forward(&p, outputs, places));
    release(&c);
}

static void compute_conv_max_gradient(void *unused, opaque *context) {
    (void)unused;
    call c = {.context = context, .status = TF_NewStatus()};
    hold_inputs(&c, 4);
    const conv_problem p = describe_windows(&c);
    if (TF_GetCode(c.status) == STATUS_OK) {
        require(&c, has_shape(&c, 2, SHAPE(p.batch, p.filters)), "places: expected (batch, filters)");
        require(&c, has_shape(&c, 3, SHAPE(p.batch, 1, p.filters)), "outputs' gradient: expected their shape");
        require(&c, TF_GetCode(c.status) != STATUS_OK ||
                        are_in_range(data(&c, 2), p.batch * p.filters, p.length - p.width + 1),
                "places: expected positions of the outputs");
    }
    float *d_inputs = allocate(&c, SHAPE(p.batch, p.length, p.features));
    float *d_kernel = allocate(&c, SHAPE(p.width, p.features, p.filters));
    if (TF_GetCode(c.status) == STATUS_OK)
        fail_without_memory(&c, conv_max_backward(&p, data(&c, 2), data(&c, 3), d_inputs, d_kernel));
    release(&c);
}

static void leave_shapes_open(opaque *context, opaque *status) { TF_ShapeInferenceContextSetUnknownShape(context, status); }

static void register_operation(const char *name, const char *const *inputs, const char *const *outputs,
                               const char *const *attributes, void *(*create_kernel)(opaque *),
                               void (*compute)(void *, opaque *), opaque *status) {
    if (TF_GetCode(status) != STATUS_OK) return;
    opaque *definition = TF_NewOpDefinitionBuilder(name);
    for (; *inputs; inputs++) TF_OpDefinitionBuilderAddInput(definition, *inputs);
    for (; *outputs; outputs++) TF_OpDefinitionBuilderAddOutput(definition, *outputs);
    for (; *attributes; attributes++) TF_OpDefinitionBuilderAddAttr(definition, *attributes);
    TF_OpDefinitionBuilderSetShapeInferenceFunction(definition, leave_shapes_open);
    TF_RegisterOpDefinition(definition, status);
    if (TF_GetCode(status) == STATUS_OK)
        TF_RegisterKernelBuilder(name, TF_NewKernelBuilder(name, "CPU", create_kernel, compute, free), status);
}

__attribute__((constructor)) static void register_operations(void) {
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
    static const char *const adam_inputs[] = {"variable: float", "momentum: float", "velocity: float", "rate: float",
                                              "gradient: float", "indices: int32", NULL};
    static const char *const adam_outputs[] = {"new_variable: float", "new_momentum: float", "new_velocity: float", NULL};
    static const char *const adam_attributes[] = {"momentum_step: float", "velocity_step: float", "epsilon: float",
                                                  "is_sparse: bool", NULL};
    static const char *const conv_inputs[] = {"inputs: float", "kernel: float", "bias: float", NULL};
    static const char *const conv_outputs[] = {"outputs: float", NULL};
    static const char *const conv_gradient_inputs[] = {"inputs: float", "kernel: float", "bias: float",
                                                       "outputs: float", "d_outputs: float", NULL};
    static const char *const conv_gradients[] = {"d_inputs: float", "d_kernel: float", "d_bias: float", NULL};
    static const char *const conv_max_inputs[] = {"inputs: float", "kernel: float", NULL};
    static const char *const conv_max_outputs[] = {"outputs: float", "places: int32", NULL};
    static const char *const conv_max_gradient_inputs[] = {"inputs: float", "kernel: float", "places: int32",
                                                           "d_outputs: float", NULL};
    static const char *const conv_max_gradients[] = {"d_inputs: float", "d_kernel: float", NULL};
    static const char *const none = NULL;
    static const char *const conv_attributes[] = {"is_rectified: bool", NULL};
    if (!find_api()) return;
    opaque *status = TF_NewStatus();
    register_operation("BakeoffRecurrent", inputs, outputs, attributes, create, compute_forward, status);
    register_operation("BakeoffRecurrentGrad", gradient_inputs, gradients, attributes, create, compute_gradient, status);
    register_operation("BakeoffAdam", adam_inputs, adam_outputs, adam_attributes, create_adam, compute_adam, status);
    register_operation("BakeoffConv", conv_inputs, conv_outputs, conv_attributes, create_conv, compute_conv, status);
    register_operation("BakeoffConvGrad", conv_gradient_inputs, conv_gradients, conv_attributes, create_conv,
                       compute_conv_gradient, status);
    register_operation("BakeoffConvMax", conv_max_inputs, conv_max_outputs, &none, create_nothing, compute_conv_max,
                       status);
    register_operation("BakeoffConvMaxGrad", conv_max_gradient_inputs, conv_max_gradients, &none, create_nothing,
                       compute_conv_max_gradient, status);
    TF_DeleteStatus(status);
}
