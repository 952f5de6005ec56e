#define _GNU_SOURCE
#include "parallel.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

enum { MOST_THREADS = 64 };

typedef struct job {
    share_function work;
    void *context;
    int num_shares, num_taken, num_done;
    pthread_cond_t finished;
    struct job *next;
} job;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wanted = PTHREAD_COND_INITIALIZER;
static job *jobs = NULL;
static int num_cores = 0, num_busy = 0;

static int count_cores(void) {
#ifdef __linux__
    cpu_set_t cores;
    if (sched_getaffinity(0, sizeof cores, &cores) == 0) return CPU_COUNT(&cores);
#endif
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count < 1 ? 1 : (int)count;
}

static job *find_open_job(void) {
    for (job *j = jobs; j; j = j->next)
        if (j->num_taken < j->num_shares) return j;
    return NULL;
}

/* Take and do shares until none is left; the lock is held before and after. */
static void work_on(job *j) {
    while (j->num_taken < j->num_shares) {
        int share = j->num_taken++;
        pthread_mutex_unlock(&lock);
        j->work(j->context, share);
        pthread_mutex_lock(&lock);
        if (++j->num_done == j->num_shares) pthread_cond_signal(&j->finished);
    }
}

static void *serve(void *unused) {
    (void)unused;
    pthread_mutex_lock(&lock);
    for (;;) {
        job *j = num_busy < num_cores ? find_open_job() : NULL;
        if (j) {
            num_busy++;
            work_on(j);
            num_busy--;
        } else {
            pthread_cond_wait(&wanted, &lock);
        }
    }
    return NULL;
}

/* A forked process has none of its parent's threads. */
static void forget_threads(void) {
    pthread_mutex_t free_lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t nobody_waits = PTHREAD_COND_INITIALIZER;
    lock = free_lock;
    wanted = nobody_waits;
    jobs = NULL;
    num_cores = num_busy = 0;
}

/* The lock is held. */
static void start_threads(void) {
    static int is_registered = 0;
    if (!is_registered) is_registered = pthread_atfork(NULL, NULL, forget_threads) == 0;
    num_cores = count_cores();
    if (num_cores > MOST_THREADS) num_cores = MOST_THREADS;
    for (int i = 1; i < num_cores; i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, serve, NULL) != 0) break;
        pthread_detach(thread);
    }
}

void run_shares(share_function work, void *context, int num_shares) {
    job j = {.work = work, .context = context, .num_shares = num_shares};
    pthread_cond_init(&j.finished, NULL);
    pthread_mutex_lock(&lock);
    if (num_cores == 0) start_threads();
    j.next = jobs;
    jobs = &j;
    num_busy++;
    if (num_shares > 1 && num_busy < num_cores) pthread_cond_broadcast(&wanted);
    work_on(&j);
    num_busy--;
    if (find_open_job()) pthread_cond_signal(&wanted);
    while (j.num_done < j.num_shares) pthread_cond_wait(&j.finished, &lock);
    job **place = &jobs;
    while (*place != &j) place = &(*place)->next;
    *place = j.next;
    pthread_mutex_unlock(&lock);
    pthread_cond_destroy(&j.finished);
}
