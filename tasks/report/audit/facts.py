"""What a run's report shows of an audit of its reviews' labels."""

from tasks.audit.facts import LabelErrors
from tasks.store.facts import Facts


class AuditSection(Facts):
    """The newest audit of the same reviews: the run that made it, and its content with the first suspects only."""

    run_id: str
    found: LabelErrors
