/* What the library uses of TensorFlow's C API. It is declared here so that the library builds without TensorFlow, and
 * its functions are looked up at run time so that the library works with any version that keeps them.
 *
 * With CHECK_TENSORFLOW_HEADERS, TensorFlow's headers are read too, and a declaration that differs does not compile.
 */
#ifndef TENSORFLOW_API_H
#define TENSORFLOW_API_H

#include <stddef.h>
#include <stdint.h>

typedef struct TF_OpDefinitionBuilder TF_OpDefinitionBuilder;
typedef struct TF_ShapeInferenceContext TF_ShapeInferenceContext;
typedef struct TF_KernelBuilder TF_KernelBuilder;
typedef struct TF_OpKernelConstruction TF_OpKernelConstruction;
typedef struct TF_OpKernelContext TF_OpKernelContext;
typedef struct TF_Tensor TF_Tensor;
typedef struct TSL_Status TF_Status;

#define DATA_TYPES(each) each(TF_FLOAT, 1) each(TF_INT32, 3)
#define CODES(each) each(TF_OK, 0) each(TF_INVALID_ARGUMENT, 3) each(TF_RESOURCE_EXHAUSTED, 8)

/* TF_Bool is written out, because it is a macro in the headers and would hide a change of the type behind it. */
#define API_FUNCTIONS(each)                                                                                         \
    each(TF_OpDefinitionBuilder *, TF_NewOpDefinitionBuilder, (const char *))                                       \
    each(void, TF_OpDefinitionBuilderAddInput, (TF_OpDefinitionBuilder *, const char *))                            \
    each(void, TF_OpDefinitionBuilderAddOutput, (TF_OpDefinitionBuilder *, const char *))                           \
    each(void, TF_OpDefinitionBuilderAddAttr, (TF_OpDefinitionBuilder *, const char *))                             \
    each(void, TF_OpDefinitionBuilderSetShapeInferenceFunction,                                                     \
         (TF_OpDefinitionBuilder *, void (*)(TF_ShapeInferenceContext *, TF_Status *)))                             \
    each(void, TF_RegisterOpDefinition, (TF_OpDefinitionBuilder *, TF_Status *))                                    \
    each(void, TF_ShapeInferenceContextSetUnknownShape, (TF_ShapeInferenceContext *, TF_Status *))                  \
    each(TF_KernelBuilder *, TF_NewKernelBuilder,                                                                   \
         (const char *, const char *, void *(*)(TF_OpKernelConstruction *), void (*)(void *, TF_OpKernelContext *), \
          void (*)(void *)))                                                                                        \
    each(void, TF_RegisterKernelBuilder, (const char *, TF_KernelBuilder *, TF_Status *))                           \
    each(void, TF_OpKernelConstruction_GetAttrInt64,                                                                \
         (TF_OpKernelConstruction *, const char *, int64_t *, TF_Status *))                                         \
    each(void, TF_OpKernelConstruction_GetAttrBool,                                                                 \
         (TF_OpKernelConstruction *, const char *, unsigned char *, TF_Status *))                                   \
    each(void, TF_OpKernelConstruction_GetAttrFloat,                                                                \
         (TF_OpKernelConstruction *, const char *, float *, TF_Status *))                                           \
    each(void, TF_OpKernelConstruction_Failure, (TF_OpKernelConstruction *, TF_Status *))                           \
    each(void, TF_GetInput, (TF_OpKernelContext *, int, TF_Tensor **, TF_Status *))                                 \
    each(TF_Tensor *, TF_AllocateOutput,                                                                            \
         (TF_OpKernelContext *, int, TF_DataType, const int64_t *, int, size_t, TF_Status *))                       \
    each(void, TF_OpKernelContext_Failure, (TF_OpKernelContext *, TF_Status *))                                     \
    each(void *, TF_TensorData, (const TF_Tensor *))                                                                \
    each(int, TF_NumDims, (const TF_Tensor *))                                                                      \
    each(int64_t, TF_Dim, (const TF_Tensor *, int))                                                                 \
    each(void, TF_DeleteTensor, (TF_Tensor *))                                                                      \
    each(TF_Status *, TF_NewStatus, (void))                                                                         \
    each(void, TF_DeleteStatus, (TF_Status *))                                                                      \
    each(void, TF_SetStatus, (TF_Status *, TF_Code, const char *))                                                  \
    each(TF_Code, TF_GetCode, (const TF_Status *))

#ifdef CHECK_TENSORFLOW_HEADERS

/* The headers use these names too, and leave their declaration to C++. */
typedef struct TF_DimensionHandle TF_DimensionHandle;
typedef struct TF_ShapeHandle TF_ShapeHandle;

#include "tensorflow/c/kernels.h"
#include "tensorflow/c/ops.h"
#include "tensorflow/c/tf_datatype.h"
#include "tensorflow/c/tf_status.h"
#include "tensorflow/c/tf_tensor.h"

#define CHECK_VALUE(name, value) _Static_assert(name == value, #name " has another value in TensorFlow's headers");
DATA_TYPES(CHECK_VALUE)
CODES(CHECK_VALUE)
_Static_assert(sizeof(TF_DataType) == sizeof(int), "TF_DataType has another size in TensorFlow's headers");
_Static_assert(sizeof(TF_Code) == sizeof(int), "TF_Code has another size in TensorFlow's headers");

/* The first line fails for a function that the headers lack, the second for one that they declare differently. */
#define CHECK_FUNCTION(type, name, arguments) \
    extern __typeof__(name) name;             \
    extern type name arguments;
API_FUNCTIONS(CHECK_FUNCTION)

#else

#define ENUMERATE(name, value) name = value,
typedef enum { DATA_TYPES(ENUMERATE) } TF_DataType;
typedef enum { CODES(ENUMERATE) } TF_Code;

/* Hidden, or else the loader could take TensorFlow's functions of these names for the pointers. */
#pragma GCC visibility push(hidden)

#define DECLARE_POINTER(type, name, arguments) extern type(*name) arguments;
API_FUNCTIONS(DECLARE_POINTER)

/* Tell whether TensorFlow is loaded and has every function, and let the pointers lead to them. */
int find_api(void);

#pragma GCC visibility pop

#endif

#endif
