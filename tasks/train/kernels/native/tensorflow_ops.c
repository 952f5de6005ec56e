#include "tensorflow_ops.h"

#include <stdlib.h>

static void leave_shapes_open(TF_ShapeInferenceContext *context, TF_Status *status) {
    TF_ShapeInferenceContextSetUnknownShape(context, status);
}

void register_operation(const char *name, const char *const *inputs, const char *const *outputs,
                        const char *const *attributes, void *(*create_kernel)(TF_OpKernelConstruction *),
                        void (*compute)(void *, TF_OpKernelContext *), TF_Status *status) {
    if (TF_GetCode(status) != TF_OK) return;
    TF_OpDefinitionBuilder *definition = TF_NewOpDefinitionBuilder(name);
    for (; *inputs; inputs++) TF_OpDefinitionBuilderAddInput(definition, *inputs);
    for (; *outputs; outputs++) TF_OpDefinitionBuilderAddOutput(definition, *outputs);
    for (; *attributes; attributes++) TF_OpDefinitionBuilderAddAttr(definition, *attributes);
    TF_OpDefinitionBuilderSetShapeInferenceFunction(definition, leave_shapes_open);
    TF_RegisterOpDefinition(definition, status);
    if (TF_GetCode(status) == TF_OK)
        TF_RegisterKernelBuilder(name, TF_NewKernelBuilder(name, "CPU", create_kernel, compute, free), status);
}

/* Runs when tf.load_op_library loads this library. Without TensorFlow nothing happens. */
__attribute__((constructor)) static void register_operations(void) {
    if (!find_api()) return;
    TF_Status *status = TF_NewStatus();
    register_recurrent(status);
    register_adam(status);
    register_conv(status);
    register_region_units(status);
    register_region(status);
    TF_DeleteStatus(status);
}
