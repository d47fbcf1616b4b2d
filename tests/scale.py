"""How long the long tests are: `make soak` runs them in full, `make test` at a tenth."""

import math
import os


def scaled(n: int) -> int:
    """Return `n` (rounds, rows, threads …: what a full run does) times `TESSERA_TEST_SCALE` (0.1), at least 1."""
    return max(1, math.ceil(n * float(os.environ.get("TESSERA_TEST_SCALE", "0.1"))))
