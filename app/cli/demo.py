"""`counterpart demo`: a whole office to look at, made once from seed_data, kept as it is left."""

import os
import secrets
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from app.access.models import User
from app.access.passwords import hash_password
from app.access.service import use_link
from app.cli import demo_guidelines, demo_plan, demo_story
from app.cli.demo_story import Cast
from app.cli.operate import serve
from app.cli.prepare import init, require_free, require_writable
from app.cli.session import CTED, answer, open_engine, open_settings, operator, say
from app.core import jobs
from app.core.actor import Actor, Role
from app.core.db import session_factory
from app.core.settings import Settings
from app.organizations.users import service as users
from app.organizations.users.schemas import UserIn
from app.pairings import runs
from app.pairings.ranking import Ranking

SEED = Path(__file__).parents[2] / "seed_data"
SIGN_IN_FILE = "demo-sign-in.txt"
ACCOUNTS = {
    Role.OFFICER: CTED,
    Role.PARTNER: "DEMO-PARTNER",
    Role.DONOR: "DEMO-DONOR",
    Role.ADMIN: CTED,
}
Host = Annotated[str, typer.Option(help="Address to listen on.")]
Port = Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")]
NoServe = Annotated[bool, typer.Option("--no-serve", help="Only make it, do not serve.")]


def demo(host: Host = "127.0.0.1", port: Port = 8000, no_serve: NoServe = False) -> None:
    """Load real public programmes and an invented office, print a sign-in for each role, and serve.

    What is there already is kept, so a second start takes seconds and loses nothing.
    """
    settings = open_settings()
    require_writable(settings)
    if not no_serve:
        require_free(host, port)
    init()
    with open_engine() as engine:
        if not _is_made(engine):
            _make(engine, settings)
    _show_sign_ins(settings, f"http://{host}:{port}")
    if not no_serve:
        serve(host, port)


def _is_made(engine: Engine) -> bool:
    """The accounts are made last: without them an earlier start did not reach its end."""
    with Session(engine.execution_options(writes=False)) as session:
        known = set(session.scalars(select(User.email)))
    return known >= {_email(role) for role in ACCOUNTS}


def _make(engine: Engine, settings: Settings) -> None:
    """Each step is a transaction and does nothing that is done already, so an interrupted start can go on."""
    open_session, ranking = session_factory(engine), Ranking(settings.data_dir)
    say("Loading organizations, programmes and needs …")
    with open_session(True) as session, session.begin():
        actor = operator(session)
        demo_plan.load(session, actor, SEED)
    say("Opening and releasing needs …")
    with open_session(True) as session, session.begin():
        demo_plan.release(session, actor, SEED / "demo")
    say("Matching …")
    runs.run(open_session, ranking, actor, full=True)
    say("Deciding, and making accounts …")
    with open_session(True) as session, session.begin():
        jobs.settle(session, "match.need")  # the run has looked at everything that waited
        jobs.settle(session, "match.programme")
        people = _make_accounts(session, actor, settings)
        demo_plan.decide(session, people.officer, SEED / "demo")
        demo_story.tell(session, people, ranking, SEED / "demo")
        demo_guidelines.comment(session, people, SEED / "demo")


def _make_accounts(session: Session, actor: Actor, settings: Settings) -> Cast:
    """Make an account for each role with a password of its own; return who they are."""
    passwords = {role: secrets.token_urlsafe(12) for role in ACCOUNTS}
    made = {role: _account(session, actor, role, password, settings) for role, password in passwords.items()}
    lines = [f"{role.value:8}  {_email(role):32}  {password}" for role, password in passwords.items()]
    path = settings.data_dir / SIGN_IN_FILE
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write("\n".join(lines) + "\n")
    return Cast(**{role.value: Actor(role, user.organization_id, user_id=user.id) for role, user in made.items()})


def _account(session: Session, actor: Actor, role: Role, password: str, settings: Settings) -> User:
    """Go the way that everybody goes: an invitation, then a password set by its link."""
    values = UserIn(email=_email(role), role=role, organization=ACCOUNTS[role])
    unmailed = settings.model_copy(update={"smtp_url": ""})
    user, invitation = users.add(session, actor, values, unmailed)
    use_link(session, (invitation.link or "").rpartition("/")[2], hash_password(password))
    return user


def _email(role: Role) -> str:
    return f"{role.value}@demo.example"


def _show_sign_ins(settings: Settings, address: str) -> None:
    path = settings.data_dir / SIGN_IN_FILE
    answer(f"\nThe demo is at {address}. Its States, partner and delegation are invented.\n")
    if path.exists():
        answer(f"role      e-mail address                    password\n{path.read_text(encoding='utf-8')}")
    else:
        answer(f"{path} is gone; `counterpart users reset officer@demo.example` gives a new password.\n")
