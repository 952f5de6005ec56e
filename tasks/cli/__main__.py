"""The `bakeoff` command, run as `python -m tasks.cli`."""

import sys

from tasks.cli.main import main

sys.exit(main())
