#include "region_embedding.h"

#include <stdlib.h>

#include "levels.h"
#include "parallel.h"
#include "region_embedding_plan.h"

enum { FIRST_TARGET = 2, LINE = 16 }; /* floats in a line of the cache */

static int64_t most(int64_t a, int64_t b) { return a > b ? a : b; }

int embedding_is_sized(int64_t view, int64_t texts) {
    return view == (int64_t)sizeof(embedding_view) && texts == (int64_t)sizeof(embedding_texts);
}

uint64_t embedding_draw(embedding_view *view) {
    uint64_t z = view->state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* The row will be read soon. */
static void fetch_row(const float *row, int64_t size) {
    for (int64_t i = 0; i < size; i += LINE) __builtin_prefetch(row + i);
}

/* Frequent words do not count everywhere. */
static void consider(embedding_share *share, int32_t word) {
    embedding_view *view = share->view;
    if (word < FIRST_TARGET || word >= view->num_targets) return;
    const uint32_t chance = view->chances[word];
    if (chance == UINT32_MAX || embedding_draw(view) >> 32 < chance) share->chosen[share->num_right++] = word;
}

static int32_t draw_word(embedding_view *view) {
    const uint64_t z = embedding_draw(view);
    const uint32_t place = (uint32_t)(((z & UINT32_MAX) * (uint64_t)view->num_targets) >> 32);
    return z >> 32 < view->cuts[place] ? (int32_t)place : view->others[place];
}

void embedding_choose(embedding_share *share, const int32_t *tokens, int64_t length, int64_t first) {
    embedding_view *view = share->view;
    int32_t *chosen = share->chosen;
    const int64_t size = view->size, end = first + size;
    share->num_right = 0;
    for (int64_t i = first - 1; i >= first - size && i >= 0; i--) consider(share, tokens[i]);
    for (int64_t i = end; i < end + size && i < length; i++) consider(share, tokens[i]);
    while (share->num_right > view->most_targets) {
        const uint64_t place = embedding_draw(view) % (uint64_t)share->num_right;
        chosen[place] = chosen[--share->num_right];
    }
    for (int64_t i = 0; i < share->num_right; i++) {
        share->is_right[chosen[i]] = 1;
        fetch_row(view->targets + chosen[i] * view->units, view->units);
    }
    share->num_chosen = share->num_right;
    for (int64_t i = 0; i < share->num_right * view->negatives; i++) {
        const int32_t word = draw_word(view);
        if (share->is_right[word]) continue;
        chosen[share->num_chosen++] = word;
        fetch_row(view->targets + word * view->units, view->units);
    }
    for (int64_t i = 0; i < share->num_right; i++) share->is_right[chosen[i]] = 0;
}

/* One piece of memory for everything; NULL when memory runs out. Bytes come last, for the others' alignment. */
static void *allocate_share(embedding_share *share, int64_t length) {
    const embedding_view *view = share->view;
    const size_t values = (size_t)((length + view->stride - 1) / view->stride * view->units);
    const size_t words = (size_t)(most(2 * view->size, view->most_targets * (1 + view->negatives)) + LINE);
    const size_t floats = 2 * values + 2 * (size_t)view->units + 4 * words;
    float *memory = calloc(1, floats * sizeof(float) + (size_t)view->num_targets);
    if (!memory) return NULL;
    share->units = memory;
    share->d_units = share->units + values;
    share->window = share->d_units + values;
    share->d_bias = share->window + view->units;
    share->scores = share->d_bias + view->units;
    share->gradients = share->scores + words;
    share->steps = share->gradients + words;
    share->chosen = (int32_t *)(share->steps + words);
    share->is_right = (unsigned char *)(share->chosen + words);
    return memory;
}

int embedding_learn(embedding_view *views, int64_t num_views, const embedding_texts *texts) {
    embedding_share *shares = calloc((size_t)num_views, sizeof *shares);
    void **memory = calloc((size_t)num_views, sizeof *memory);
    int status = shares && memory ? 0 : -1;
    for (int64_t i = 0; status == 0 && i < num_views; i++) {
        shares[i] = (embedding_share){.view = views + i, .texts = texts};
        memory[i] = allocate_share(shares + i, texts->length);
        if (!memory[i]) status = -1;
    }
    if (status == 0) run_shares(recurrent_choose_level()->embedding, shares, (int)num_views);
    for (int64_t i = 0; memory && i < num_views; i++) free(memory[i]);
    free(memory);
    free(shares);
    return status;
}
