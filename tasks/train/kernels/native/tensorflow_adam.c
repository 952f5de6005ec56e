#include <stdlib.h>

#include "adam.h"
#include "tensorflow_call.h"
#include "tensorflow_ops.h"

typedef struct {
    float momentum_step, velocity_step, epsilon;
    unsigned char is_sparse;
} adam_settings;

enum { VARIABLE, MOMENTUM, VELOCITY, RATE, GRADIENT, INDICES, NUM_ADAM_INPUTS };
enum { MOST_DIMS = 8 };

static void *create_adam(TF_OpKernelConstruction *construction) {
    adam_settings *chosen = calloc(1, sizeof *chosen);
    TF_Status *status = TF_NewStatus();
    if (!chosen) TF_SetStatus(status, TF_RESOURCE_EXHAUSTED, "out of memory");
    if (chosen) TF_OpKernelConstruction_GetAttrFloat(construction, "momentum_step", &chosen->momentum_step, status);
    if (TF_GetCode(status) == TF_OK)
        TF_OpKernelConstruction_GetAttrFloat(construction, "velocity_step", &chosen->velocity_step, status);
    if (TF_GetCode(status) == TF_OK)
        TF_OpKernelConstruction_GetAttrFloat(construction, "epsilon", &chosen->epsilon, status);
    if (TF_GetCode(status) == TF_OK)
        TF_OpKernelConstruction_GetAttrBool(construction, "is_sparse", &chosen->is_sparse, status);
    if (TF_GetCode(status) != TF_OK) TF_OpKernelConstruction_Failure(construction, status);
    TF_DeleteStatus(status);
    return chosen;
}

/* Tell whether a tensor has the variable's shape, its number of rows apart where `any_rows` is true. */
static int is_like_variable(const call *c, int index, int any_rows) {
    const TF_Tensor *variable = c->tensors[VARIABLE], *tensor = c->tensors[index];
    if (TF_NumDims(tensor) != TF_NumDims(variable)) return 0;
    for (int i = any_rows; i < TF_NumDims(variable); i++)
        if (TF_Dim(tensor, i) != TF_Dim(variable, i)) return 0;
    return 1;
}

static void compute_adam(void *kernel, TF_OpKernelContext *context) {
    const adam_settings *chosen = kernel;
    call c = {.context = context, .status = TF_NewStatus()};
    adam_update update = {.momentum_step = chosen->momentum_step, .velocity_step = chosen->velocity_step,
                          .epsilon = chosen->epsilon, .is_sparse = chosen->is_sparse, .num_rows = 1, .row_size = 1};
    int64_t dims[MOST_DIMS];
    int num_dims = 0;
    hold_inputs(&c, NUM_ADAM_INPUTS);
    if (TF_GetCode(c.status) == TF_OK) {
        num_dims = TF_NumDims(c.tensors[VARIABLE]);
        require(&c, num_dims <= MOST_DIMS && num_dims >= chosen->is_sparse, "variable: expected 1 to 8 axes");
        require(&c, is_like_variable(&c, MOMENTUM, 0), "momentum: expected the variable's shape");
        require(&c, is_like_variable(&c, VELOCITY, 0), "velocity: expected the variable's shape");
        require(&c, is_like_variable(&c, GRADIENT, chosen->is_sparse), "gradient: expected the variable's shape");
        require(&c, TF_NumDims(c.tensors[RATE]) == 0, "rate: expected a scalar");
    }
    if (TF_GetCode(c.status) == TF_OK) {
        for (int i = 0; i < num_dims; i++) {
            dims[i] = TF_Dim(c.tensors[VARIABLE], i);
            *(chosen->is_sparse && i > 0 ? &update.row_size : &update.num_rows) *= dims[i];
        }
        if (chosen->is_sparse) {
            update.num_indices = TF_Dim(c.tensors[GRADIENT], 0);
            update.indices = data(&c, INDICES);
            require(&c, has_shape(&c, INDICES, SHAPE(update.num_indices)), "indices: expected one for each gradient");
            require(&c,
                    TF_GetCode(c.status) != TF_OK || are_in_range(update.indices, update.num_indices, update.num_rows),
                    "indices: expected rows of the variable");
        }
    }
    update.new_variable = allocate(&c, num_dims, dims);
    update.new_momentum = allocate(&c, num_dims, dims);
    update.new_velocity = allocate(&c, num_dims, dims);
    if (TF_GetCode(c.status) == TF_OK) {
        update.variable = data(&c, VARIABLE);
        update.momentum = data(&c, MOMENTUM);
        update.velocity = data(&c, VELOCITY);
        update.rate = *(const float *)data(&c, RATE);
        update.gradient = data(&c, GRADIENT);
        fail_without_memory(&c, adam_apply(&update));
    }
    release(&c);
}

void register_adam(TF_Status *status) {
    static const char *const inputs[] = {"variable: float", "momentum: float", "velocity: float", "rate: float",
                                         "gradient: float", "indices: int32", NULL};
    static const char *const outputs[] = {"new_variable: float", "new_momentum: float", "new_velocity: float", NULL};
    static const char *const attributes[] = {"momentum_step: float", "velocity_step: float", "epsilon: float",
                                             "is_sparse: bool", NULL};
    register_operation("BakeoffAdam", inputs, outputs, attributes, create_adam, compute_adam, status);
}
