/* Run the shares of a job on the processor's cores. */
#ifndef PARALLEL_H
#define PARALLEL_H

typedef void (*share_function)(void *context, int share);

/* Call work(context, 0), ..., work(context, num_shares - 1), some at the same time; returns when all are done.
 * Several threads may call it at once: together they keep no more threads busy than there are cores. */
void run_shares(share_function work, void *context, int num_shares);

#endif
