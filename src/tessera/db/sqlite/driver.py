"""Puts `pysqlite3`'s SQLite in the place of the interpreter's, which may carry the WAL-reset bug fixed in 3.51.3.

Importing this module is enough. It must be imported before Django's SQLite backend is.
"""

import sys
from typing import Final

FIXED_IN: Final = (3, 51, 3)

try:
    import pysqlite3
    import pysqlite3.dbapi2
except ImportError:
    pass  # no wheel for this machine: `checks.py` warns when the interpreter's own is older than FIXED_IN
else:
    sys.modules["sqlite3"], sys.modules["sqlite3.dbapi2"] = pysqlite3, pysqlite3.dbapi2
