"""Fetch the front end's files from the npm registry, once: run `python -m app.web.vendor` when a version changes.

The files and their SHA-256 are committed, so that nobody who installs or serves needs npm or a network.
"""

import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

FOLDER = Path(__file__).parent / "static" / "vendor"
LOCK = FOLDER / "vendor.lock.json"
WANTED = {
    "swagger-ui-dist@5.35.0": {
        "swagger-ui.css": "swagger/swagger-ui.css",
        "swagger-ui-bundle.js": "swagger/swagger-ui-bundle.js",
        "LICENSE": "swagger/LICENSE",
        "NOTICE": "swagger/NOTICE",
    },
    "bootstrap@5.3.9": {
        "dist/css/bootstrap.min.css": "bootstrap/bootstrap.min.css",
        "dist/css/bootstrap.rtl.min.css": "bootstrap/bootstrap.rtl.min.css",
        "LICENSE": "bootstrap/LICENSE",
    },
    "htmx.org@2.0.11": {"dist/htmx.min.js": "htmx/htmx.min.js", "LICENSE": "htmx/LICENSE"},
}


def fetch() -> dict[str, dict[str, str]]:
    """Write every wanted file below FOLDER; return, for each, the package it is from and its SHA-256."""
    lock: dict[str, dict[str, str]] = {}
    for package, files in WANTED.items():
        for target, content in _files(package, files).items():
            path = FOLDER / target
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            lock[target] = {"from": package, "sha256": hashlib.sha256(content).hexdigest()}
    return lock


def changed() -> list[str]:
    """Name the files that are not what the lock file says."""
    lock = json.loads(LOCK.read_text(encoding="utf-8"))
    return [
        name
        for name, entry in lock.items()
        if not (FOLDER / name).is_file()
        or hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() != entry["sha256"]
    ]


def _files(package: str, files: dict[str, str]) -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            ["npm", "pack", package, "--silent", "--pack-destination", folder], check=True, stdout=sys.stderr
        )
        with tarfile.open(next(Path(folder).glob("*.tgz"))) as archive:
            return {target: _member(archive, f"package/{source}") for source, target in files.items()}


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    file = archive.extractfile(name)
    if file is None:
        raise FileNotFoundError(name)
    return file.read()


if __name__ == "__main__":
    LOCK.write_text(json.dumps(fetch(), indent=1, sort_keys=True) + "\n", encoding="utf-8")
