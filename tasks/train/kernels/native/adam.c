#include "adam.h"

#include <stdlib.h>
#include <string.h>

#include "adam_plan.h"
#include "levels.h"
#include "parallel.h"

enum { MOST_SHARES = 8, SHARE_VALUES = 16384, STRIP_VALUES = 1024 };

/* In reverse, so that each row's chain, and hence its sum, is in the order of the gradients. */
static void chain_gradients(const adam_plan *plan) {
    const adam_update *update = plan->update;
    memset(plan->first, -1, (size_t)update->num_rows * sizeof *plan->first);
    for (int64_t i = update->num_indices - 1; i >= 0; i--) {
        plan->next[i] = plan->first[update->indices[i]];
        plan->first[update->indices[i]] = (int32_t)i;
    }
}

int adam_apply(const adam_update *update) {
    const int64_t num_shares = update->num_rows * update->row_size / SHARE_VALUES + 1;
    adam_plan plan = {.update = update, .num_shares = num_shares < MOST_SHARES ? num_shares : MOST_SHARES};
    void *memory = NULL;
    if (update->is_sparse) {
        const size_t links = (size_t)(update->num_rows + update->num_indices) * sizeof(int32_t);
        plan.strip_rows = STRIP_VALUES / (update->row_size + 1) + 1;
        const size_t strips = (size_t)(plan.num_shares * 2 * plan.strip_rows * update->row_size) * sizeof(float);
        memory = malloc(strips + links);
        if (!memory) return -1;
        plan.strips = memory;
        plan.first = (int32_t *)((char *)memory + strips);
        plan.next = plan.first + update->num_rows;
        chain_gradients(&plan);
    }
    run_shares(recurrent_choose_level()->adam, &plan, (int)plan.num_shares);
    free(memory);
    return 0;
}
