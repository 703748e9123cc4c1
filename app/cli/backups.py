"""One file with everything: the database, the secret key and whatever else the data folder holds."""

import gzip
import io
import json
import os
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
import zlib
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import Engine, inspect
from sqlalchemy.engine import URL, make_url
from sqlalchemy.orm import Session

from app.audit.chain import verify
from app.cli.failures import Failure
from app.cli.prepare import require_writable
from app.cli.session import open_engine, open_settings, say
from app.core.db import make_engine, utc_now
from app.core.settings import Settings

File = Annotated[Path, typer.Argument(help="The backup's file, a tar archive.")]
Force = Annotated[bool, typer.Option(help="Put it in the place of what the database holds now.")]
_DUMPS = {"sqlite": "counterpart.db", "postgresql": "counterpart.pgdump"}
_ADDITIONS = "data/"
_DATABASE_FILES = (".db", ".db-wal", ".db-shm", ".db-journal")


def backup(file: File) -> None:
    """Write database, secret key and data folder to FILE, while the service runs.

    The file opens everything: keep it as safe as the database. An existing file is not overwritten.
    """
    settings = open_settings()
    if file.exists():
        raise Failure(f"{file} exists already; choose another name")
    with open_engine() as engine, tempfile.TemporaryDirectory() as folder:
        dump = _dump(engine, Path(folder))
        _write(file, dump, engine.dialect.name, settings)
    say(f"Wrote {file} ({file.stat().st_size:,} bytes). It opens everything: keep it safe.")


def restore(file: File, force: Force = False) -> None:
    """Put back what `backup` wrote. Stop the service first.

    A database that holds anything is left alone without --force. The audit chain is verified afterwards.
    """
    settings = open_settings()
    require_writable(settings)
    with tempfile.TemporaryDirectory(dir=settings.data_dir) as folder:
        manifest = _unpacked(file, Path(folder), settings, force)
        _load(Path(folder) / _DUMPS[manifest["database"]], settings)
        _put_additions(Path(folder) / _ADDITIONS, settings.data_dir)
    say(f"Restored what was backed up on {manifest['made_at']}; {_verified(settings)}")


def _dump(engine: Engine, folder: Path) -> Path:
    path = folder / _DUMPS[engine.dialect.name]
    if engine.dialect.name == "sqlite":
        with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            raw: Any = connection.connection.dbapi_connection
            raw.execute("VACUUM INTO ?", (str(path),))
    else:
        _run("pg_dump", engine.url, "--format=custom", "--no-owner", f"--file={path}")
    return path


def _write(file: Path, dump: Path, database: str, settings: Settings) -> None:
    manifest = json.dumps({"database": database, "made_at": utc_now().isoformat(timespec="seconds")}).encode()
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as output, tarfile.open(fileobj=output, mode="w:gz") as archive:
        named = tarfile.TarInfo("manifest.json")
        named.size = len(manifest)
        archive.addfile(named, io.BytesIO(manifest))
        archive.add(dump, dump.name)
        for path in sorted(settings.data_dir.glob("*")):
            if not path.name.endswith(_DATABASE_FILES):
                archive.add(path, f"{_ADDITIONS}{path.name}")


def _unpacked(file: Path, folder: Path, settings: Settings, force: bool) -> dict[str, str]:
    """Unpack a backup that fits the settings; return what it says of itself."""
    try:
        with _opened(file) as archive:
            manifest = _manifest(archive)
            _require_fit(manifest, settings, force)
            archive.extractall(folder, filter="data")
    except (EOFError, zlib.error, gzip.BadGzipFile, tarfile.TarError):
        raise Failure(f"{file} is incomplete or damaged; nothing was restored") from None
    return manifest


def _opened(file: Path) -> tarfile.TarFile:
    try:
        return tarfile.open(file)
    except tarfile.TarError:
        raise Failure(f"{file} is not a backup of ours: it is no tar archive") from None


def _manifest(archive: tarfile.TarFile) -> dict[str, str]:
    try:
        member = archive.extractfile("manifest.json")
        manifest: dict[str, str] = json.load(member) if member else {}
        archive.getmember(_DUMPS[manifest["database"]])
    except (KeyError, ValueError, tarfile.TarError):
        raise Failure("this archive is not a whole backup of ours") from None
    return manifest


def _require_fit(manifest: dict[str, str], settings: Settings, force: bool) -> None:
    wanted = make_url(settings.url).get_backend_name()
    if manifest["database"] != wanted:
        raise Failure(f"the backup is of {manifest['database']}, the settings name {wanted}")
    engine = make_engine(settings.url)
    try:
        with engine.execution_options(writes=False).connect() as connection:
            holds = bool(inspect(connection).get_table_names())
    finally:
        engine.dispose()
    if holds and not force:
        raise Failure("the database holds something already; --force replaces it")


def _load(dump: Path, settings: Settings) -> None:
    url = make_url(settings.url)
    if url.get_backend_name() == "sqlite":
        with sqlite3.connect(dump) as source, sqlite3.connect(str(url.database)) as target:
            source.backup(target)
        source.close()
        target.close()
    else:
        _run("pg_restore", url, "--clean", "--if-exists", "--no-owner", f"--dbname={url.database}", str(dump))


def _put_additions(folder: Path, data_dir: Path) -> None:
    if folder.exists():
        shutil.copytree(folder, data_dir, dirs_exist_ok=True)


def _verified(settings: Settings) -> str:
    engine = make_engine(settings.url)
    try:
        with Session(engine.execution_options(writes=False)) as session:
            found = verify(session)
    finally:
        engine.dispose()
    if found.broken_at is not None:
        raise Failure(f"it was restored, but its audit trail is broken at event {found.broken_at}")
    return f"its audit trail of {found.events} events holds"


def _run(program: str, url: URL, *arguments: str) -> None:
    """Run one of PostgreSQL's own programs against `url`, with the password in its environment alone."""
    if shutil.which(program) is None:
        raise Failure(f"{program} is not installed here; it comes with PostgreSQL's client programs")
    named = {"PGHOST": url.host or url.query.get("host"), "PGPORT": url.port, "PGUSER": url.username}
    named |= {"PGPASSWORD": url.password, "PGDATABASE": url.database}
    environment = os.environ | {name: str(value) for name, value in named.items() if value}
    done = subprocess.run([program, *arguments], env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failure(f"{program} failed: {done.stderr}")
