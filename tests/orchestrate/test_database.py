"""Processes that start at the same moment without a database make its tables one after the other."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

MAKER = "from tasks.orchestrate.database import make_tables; make_tables()"


@pytest.mark.slow
def test_tables_are_made_once_by_processes_that_start_together(tmp_path: Path) -> None:
    environment = {**os.environ, "PREFECT_HOME": str(tmp_path)}
    makers = [subprocess.Popen([sys.executable, "-c", MAKER], env=environment, stderr=subprocess.PIPE) for _ in "ab"]
    assert [maker.communicate()[1].decode() for maker in makers] == ["", ""]
    assert [maker.returncode for maker in makers] == [0, 0]
    with sqlite3.connect(tmp_path / "prefect.db") as database:
        ((version,),) = database.execute("select version_num from alembic_version").fetchall()
        assert version
        assert ("flow_run",) in database.execute("select name from sqlite_master").fetchall()
    database.close()
