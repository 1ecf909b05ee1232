"""Moves the clock of a Python by CLOCK_SHIFT seconds: on its path, it is read before all else."""

import os
import time

SHIFT = float(os.environ["CLOCK_SHIFT"])
true = time.time
time.time = lambda: true() + SHIFT
