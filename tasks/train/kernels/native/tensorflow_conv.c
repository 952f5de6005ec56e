#include <stdlib.h>

#include "conv.h"
#include "tensorflow_call.h"
#include "tensorflow_ops.h"

/* The operation's only attribute: whether ReLU follows a convolution, or whether the inputs of a maximum get gradients. */
typedef struct {
    unsigned char holds;
} conv_settings;

enum { CONV_INPUTS, CONV_KERNEL, CONV_BIAS, NUM_CONV_INPUTS, CONV_OUTPUTS = NUM_CONV_INPUTS, CONV_D_OUTPUTS,
       NUM_CONV_GRADIENT_INPUTS };

static void *create_settings(TF_OpKernelConstruction *construction, const char *name) {
    conv_settings *chosen = calloc(1, sizeof *chosen);
    TF_Status *status = TF_NewStatus();
    if (!chosen) TF_SetStatus(status, TF_RESOURCE_EXHAUSTED, "out of memory");
    if (chosen) TF_OpKernelConstruction_GetAttrBool(construction, name, &chosen->holds, status);
    if (TF_GetCode(status) != TF_OK) TF_OpKernelConstruction_Failure(construction, status);
    TF_DeleteStatus(status);
    return chosen;
}

static void *create_conv_max(TF_OpKernelConstruction *construction) {
    return create_settings(construction, "differentiates_inputs");
}

static void *create_conv(TF_OpKernelConstruction *construction) { return create_settings(construction, "is_rectified"); }

static conv_problem describe_windows(call *c) {
    conv_problem p = {.batch = 0};
    if (TF_GetCode(c->status) != TF_OK) return p;
    require(c, TF_NumDims(c->tensors[CONV_INPUTS]) == 3, "inputs: expected (batch, length, features)");
    require(c, TF_NumDims(c->tensors[CONV_KERNEL]) == 3, "kernel: expected (width, features, filters)");
    if (TF_GetCode(c->status) != TF_OK) return p;
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
    p.is_rectified = chosen->holds;
    if (TF_GetCode(c->status) != TF_OK) return p;
    require(c, has_shape(c, CONV_BIAS, SHAPE(p.filters)), "bias: expected (filters)");
    p.bias = data(c, CONV_BIAS);
    return p;
}

static void compute_conv(void *kernel, TF_OpKernelContext *context) {
    call c = {.context = context, .status = TF_NewStatus()};
    hold_inputs(&c, NUM_CONV_INPUTS);
    const conv_problem p = describe_conv(&c, kernel);
    float *outputs = allocate(&c, SHAPE(p.batch, p.length - p.width + 1, p.filters));
    if (TF_GetCode(c.status) == TF_OK) fail_without_memory(&c, conv_forward(&p, outputs));
    release(&c);
}

static void compute_conv_gradient(void *kernel, TF_OpKernelContext *context) {
    call c = {.context = context, .status = TF_NewStatus()};
    hold_inputs(&c, NUM_CONV_GRADIENT_INPUTS);
    const conv_problem p = describe_conv(&c, kernel);
    if (TF_GetCode(c.status) == TF_OK) {
        const int64_t positions = p.length - p.width + 1;
        require(&c, has_shape(&c, CONV_OUTPUTS, SHAPE(p.batch, positions, p.filters)), "outputs: expected their shape");
        require(&c, has_shape(&c, CONV_D_OUTPUTS, SHAPE(p.batch, positions, p.filters)),
                "outputs' gradient: expected their shape");
    }
    conv_gradients gradients;
    gradients.inputs = allocate(&c, SHAPE(p.batch, p.length, p.features));
    gradients.kernel = allocate(&c, SHAPE(p.width, p.features, p.filters));
    gradients.bias = allocate(&c, SHAPE(p.filters));
    if (TF_GetCode(c.status) == TF_OK)
        fail_without_memory(&c, conv_backward(&p, data(&c, CONV_OUTPUTS), data(&c, CONV_D_OUTPUTS), &gradients));
    release(&c);
}

/* The maximum keeps an axis of one position, so that what follows takes it for the outputs. */
static void compute_conv_max(void *unused, TF_OpKernelContext *context) {
    (void)unused;
    call c = {.context = context, .status = TF_NewStatus()};
    hold_inputs(&c, 2);
    const conv_problem p = describe_windows(&c);
    float *outputs = allocate(&c, SHAPE(p.batch, 1, p.filters));
    int32_t *places = allocate_integers(&c, SHAPE(p.batch, p.filters));
    if (TF_GetCode(c.status) == TF_OK) fail_without_memory(&c, conv_max_forward(&p, outputs, places));
    release(&c);
}

/* Without gradients of the inputs, theirs are empty. */
static void compute_conv_max_gradient(void *kernel, TF_OpKernelContext *context) {
    const conv_settings *chosen = kernel;
    call c = {.context = context, .status = TF_NewStatus()};
    hold_inputs(&c, 4);
    const conv_problem p = describe_windows(&c);
    if (TF_GetCode(c.status) == TF_OK) {
        require(&c, has_shape(&c, 2, SHAPE(p.batch, p.filters)), "places: expected (batch, filters)");
        require(&c, has_shape(&c, 3, SHAPE(p.batch, 1, p.filters)), "outputs' gradient: expected their shape");
        require(&c, TF_GetCode(c.status) != TF_OK ||
                        are_in_range(data(&c, 2), p.batch * p.filters, p.length - p.width + 1),
                "places: expected positions of the outputs");
    }
    float *d_inputs = allocate(&c, SHAPE(chosen->holds ? p.batch : 0, p.length, p.features));
    float *d_kernel = allocate(&c, SHAPE(p.width, p.features, p.filters));
    if (TF_GetCode(c.status) == TF_OK)
        fail_without_memory(
            &c, conv_max_backward(&p, data(&c, 2), data(&c, 3), chosen->holds ? d_inputs : NULL, d_kernel));
    release(&c);
}

void register_conv(TF_Status *status) {
    static const char *const inputs[] = {"inputs: float", "kernel: float", "bias: float", NULL};
    static const char *const outputs[] = {"outputs: float", NULL};
    static const char *const gradient_inputs[] = {"inputs: float", "kernel: float", "bias: float", "outputs: float",
                                                  "d_outputs: float", NULL};
    static const char *const gradients[] = {"d_inputs: float", "d_kernel: float", "d_bias: float", NULL};
    static const char *const attributes[] = {"is_rectified: bool", NULL};
    static const char *const max_inputs[] = {"inputs: float", "kernel: float", NULL};
    static const char *const max_outputs[] = {"outputs: float", "places: int32", NULL};
    static const char *const max_gradient_inputs[] = {"inputs: float", "kernel: float", "places: int32",
                                                      "d_outputs: float", NULL};
    static const char *const max_gradients[] = {"d_inputs: float", "d_kernel: float", NULL};
    static const char *const max_attributes[] = {"differentiates_inputs: bool", NULL};
    register_operation("BakeoffConv", inputs, outputs, attributes, create_conv, compute_conv, status);
    register_operation("BakeoffConvGrad", gradient_inputs, gradients, attributes, create_conv, compute_conv_gradient,
                       status);
    register_operation("BakeoffConvMax", max_inputs, max_outputs, max_attributes, create_conv_max, compute_conv_max,
                       status);
    register_operation("BakeoffConvMaxGrad", max_gradient_inputs, max_gradients, max_attributes, create_conv_max,
                       compute_conv_max_gradient, status);
}
