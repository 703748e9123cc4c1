"""The front end's files are those that were locked, and each package brings its licence."""

import json

from app.web.vendor import FOLDER, LOCK, changed


def test_every_vendored_file_is_the_one_that_was_locked():
    assert changed() == []


def test_every_vendored_file_is_locked_and_every_package_has_its_licence():
    locked = set(json.loads(LOCK.read_text(encoding="utf-8")))
    there = {str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*") if path.is_file()} - {LOCK.name}

    assert there == locked
    assert all((FOLDER / name).parent.joinpath("LICENSE").is_file() for name in locked)
