"""Whether the trainings of a flow run on a cluster; imports Dask only if they do."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tasks.cluster.reach import check_scheduler
from tasks.process.place import ELSEWHERE


@contextlib.contextmanager
def use_cluster(address: str | None, *, roots: Sequence[Path], say: Callable[[str], None]) -> Iterator[None]:
    """Let the trainings of this thread run on the cluster of a scheduler, if there is an address.

    The workers must see the folders `roots` at the same paths. `say` tells the person who watches the flow. Raises
    UserError if no scheduler answers, or no worker is fit.
    """
    if address is None:
        yield
        return
    check_scheduler(address)
    from tasks.cluster.cluster import connect

    with connect(address, roots=roots, say=say) as cluster:
        token = ELSEWHERE.set(cluster)
        try:
            yield
        finally:
            ELSEWHERE.reset(token)
