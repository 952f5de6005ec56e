"""Run as `python -m tasks.cli`, it is the `bakeoff` command."""

import sys

from tasks.cli.main import main

sys.exit(main())
