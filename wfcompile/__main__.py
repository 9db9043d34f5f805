"""`python -m wfcompile`."""

from wfcompile.cli import main

raise SystemExit(main())
