/* The same code once per instruction set; the processor's best is chosen when the program runs. */
#include "levels.h"

#include <math.h>
#include <string.h>

#include "adam_plan.h"
#include "conv_plan.h"
#include "plan.h"

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

#define LANES 4
#define MOST_ROWS 4
#define NAME(name) name##_baseline
#include "vectors.inc"
#include "cells.inc"
#include "blocks.inc"
#include "adam.inc"
#include "conv.inc"
#undef LANES
#undef MOST_ROWS
#undef NAME

#if defined(__x86_64__)
BEGIN_TARGET("avx2,fma")
#define LANES 8
#define MOST_ROWS 2
#define NAME(name) name##_avx2
#include "vectors.inc"
#include "cells.inc"
#include "blocks.inc"
#include "adam.inc"
#include "conv.inc"
#undef LANES
#undef MOST_ROWS
#undef NAME
END_TARGET

BEGIN_TARGET("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma")
#define LANES 16
#define MOST_ROWS 4
#define NAME(name) name##_avx512
#include "vectors.inc"
#include "cells.inc"
#include "blocks.inc"
#include "adam.inc"
#include "conv.inc"
#undef LANES
#undef MOST_ROWS
#undef NAME
END_TARGET
#endif

static const recurrent_level levels[] = {
    {4, forward_share_baseline, backward_share_baseline,
     adam_share_baseline, conv_forward_share_baseline, conv_backward_share_baseline,
     conv_max_forward_share_baseline, conv_max_backward_share_baseline},
#if defined(__x86_64__)
    {8, forward_share_avx2, backward_share_avx2,
     adam_share_avx2, conv_forward_share_avx2, conv_backward_share_avx2,
     conv_max_forward_share_avx2, conv_max_backward_share_avx2},
    {16, forward_share_avx512, backward_share_avx512,
     adam_share_avx512, conv_forward_share_avx512, conv_backward_share_avx512,
     conv_max_forward_share_avx512, conv_max_backward_share_avx512},
#endif
};

static int limit = sizeof levels / sizeof *levels - 1;

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

void recurrent_limit_level(int level) {
    const int last = sizeof levels / sizeof *levels - 1;
    limit = level < 0 ? 0 : level > last ? last : level;
}

const recurrent_level *recurrent_choose_level(void) { return &levels[recurrent_best_level()]; }
