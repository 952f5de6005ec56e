/* The same code once per instruction set; the processor's best is chosen when the program runs. */
#include "levels.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#include "adam_plan.h"
#include "conv_plan.h"
#include "plan.h"
#include "region_embedding_plan.h"
#include "region_plan.h"
#include "region_units_plan.h"

#define INLINE static inline __attribute__((always_inline))

#if defined(__clang__)
#define TARGET_PRAGMA(text) _Pragma(#text)
#define BEGIN_TARGET(name) TARGET_PRAGMA(clang attribute push(__attribute__((target(name))), apply_to = function))
#define END_TARGET TARGET_PRAGMA(clang attribute pop)
#else
#define TARGET_PRAGMA(text) _Pragma(#text)
#define BEGIN_TARGET(name) TARGET_PRAGMA(GCC push_options) TARGET_PRAGMA(GCC target(name))
#define END_TARGET TARGET_PRAGMA(GCC pop_options)
#endif

/* What differs between the instruction sets: the floats in a vector; the tile of a product, in rows and vectors, which the
 * registers must hold with a row of factors; the smaller and the larger of two vectors, NaN if the second is NaN. */
#if defined(__aarch64__)
#define BASELINE "neon"
#define TILE_ROWS 6
#define TILE_VECTORS 4
#define MINIMUM(a, b) (vector)vminq_f32((float32x4_t)(a), (float32x4_t)(b))
#define MAXIMUM(a, b) (vector)vmaxq_f32((float32x4_t)(a), (float32x4_t)(b))
#else
#define BASELINE "baseline"
#define TILE_ROWS 4
#define TILE_VECTORS 4
#if defined(__x86_64__)
#define MINIMUM(a, b) (vector)_mm_min_ps((__m128)(a), (__m128)(b))
#define MAXIMUM(a, b) (vector)_mm_max_ps((__m128)(a), (__m128)(b))
#endif
#endif
#define LANES 4
#define NAME(name) name##_baseline
#include "every_level.inc"

#if defined(__x86_64__)
BEGIN_TARGET("avx2,fma")
#define LANES 8
#define TILE_ROWS 6
#define TILE_VECTORS 2
#define MINIMUM(a, b) (vector)_mm256_min_ps((__m256)(a), (__m256)(b))
#define MAXIMUM(a, b) (vector)_mm256_max_ps((__m256)(a), (__m256)(b))
#define NAME(name) name##_avx2
#include "every_level.inc"
END_TARGET

BEGIN_TARGET("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma")
#define LANES 16
#define TILE_ROWS 4
#define TILE_VECTORS 4
#define MINIMUM(a, b) (vector)_mm512_min_ps((__m512)(a), (__m512)(b))
#define MAXIMUM(a, b) (vector)_mm512_max_ps((__m512)(a), (__m512)(b))
#define NAME(name) name##_avx512
#include "every_level.inc"
END_TARGET
#endif

static const recurrent_level levels[] = {
    {BASELINE, 4, forward_share_baseline, backward_share_baseline,
     adam_share_baseline, conv_forward_share_baseline, conv_backward_share_baseline,
     conv_max_forward_share_baseline, conv_max_backward_share_baseline,
     region_forward_share_baseline, region_units_share_baseline, embedding_share_baseline},
#if defined(__x86_64__)
    {"avx2", 8, forward_share_avx2, backward_share_avx2,
     adam_share_avx2, conv_forward_share_avx2, conv_backward_share_avx2,
     conv_max_forward_share_avx2, conv_max_backward_share_avx2,
     region_forward_share_avx2, region_units_share_avx2, embedding_share_avx2},
    {"avx512", 16, forward_share_avx512, backward_share_avx512,
     adam_share_avx512, conv_forward_share_avx512, conv_backward_share_avx512,
     conv_max_forward_share_avx512, conv_max_backward_share_avx512,
     region_forward_share_avx512, region_units_share_avx512, embedding_share_avx512},
#endif
};

enum { LAST_LEVEL = sizeof levels / sizeof *levels - 1 };

static int ceiling = LAST_LEVEL; /* of the whole process, from the environment */
static int limit = LAST_LEVEL;   /* of one test, at most the ceiling */

/* Runs when the library is loaded, so that every process of a test run has the same ceiling. */
__attribute__((constructor)) static void read_ceiling(void) {
    const char *wanted = getenv(RECURRENT_LEVEL_VARIABLE);
    if (!wanted || !*wanted) return;
    for (int level = 0; level <= LAST_LEVEL; level++)
        if (strcmp(wanted, levels[level].name) == 0) {
            limit = ceiling = level;
            return;
        }
    fprintf(stderr, "%s is '%s', which is no instruction set of this library; it is ignored. Known are:",
            RECURRENT_LEVEL_VARIABLE, wanted);
    for (int level = 0; level <= LAST_LEVEL; level++) fprintf(stderr, " %s", levels[level].name);
    fputc('\n', stderr);
}

int recurrent_best_level(void) {
    int best = 0;
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) best = 1;
    if (best == 1 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
        best = 2;
#endif
    return best < limit ? best : limit;
}

void recurrent_limit_level(int level) { limit = level < 0 ? 0 : level > ceiling ? ceiling : level; }

const char *recurrent_level_name(void) { return recurrent_choose_level()->name; }

const recurrent_level *recurrent_choose_level(void) { return &levels[recurrent_best_level()]; }
