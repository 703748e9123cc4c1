"""The tests. Where they keep a server's locks is settled before anything asks for it."""

import os
import tempfile
from pathlib import Path

# The PostgreSQL of the tests reads this when it is imported, and warns where a login did not set it.
if "XDG_RUNTIME_DIR" not in os.environ:
    folder = Path(tempfile.gettempdir()) / f"counterpart-run-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    os.environ["XDG_RUNTIME_DIR"] = str(folder)
