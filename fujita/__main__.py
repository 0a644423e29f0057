"""`python -m fujita`."""

import sys

from fujita.cli import main

sys.exit(main())
