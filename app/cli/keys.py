"""`counterpart keys`: API keys. A key is printed once, alone on stdout, and kept nowhere."""

import json
from datetime import timedelta
from typing import Annotated

import typer

from app.access.models import KeyScope
from app.cli.session import answer, operator, say, transaction
from app.core.actor import Role
from app.core.db import utc_now
from app.organizations.keys import queries, service
from app.organizations.keys.schemas import KeyIn

keys = typer.Typer(no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Expires = Annotated[int | None, typer.Option(min=1, max=36500, help="Days until it ends; without, never.")]


@keys.command()
def issue(
    role: Annotated[Role, typer.Option(help="What the key may do.")],
    organization: Annotated[str | None, typer.Option(help="Reference of its organization; else CTED.")] = None,
    name: Annotated[str, typer.Option(help="What it is for.")] = "",
    scope: Annotated[KeyScope, typer.Option(help="A key that reads changes nothing.")] = KeyScope.WRITE,
    expires: Expires = None,
    as_json: AsJson = False,
) -> None:
    """Issue a key and print it, once."""
    ends = utc_now() + timedelta(days=expires) if expires else None
    values = KeyIn(role=role, organization=organization, name=name, scope=scope, expires_at=ends)
    with transaction() as session:
        key, text = service.issue(session, operator(session), values)
        shown = queries.shown_alone(session, key)
    answer(json.dumps({**shown.model_dump(mode="json"), "key": text}) if as_json else text)


@keys.command("list")
def list_keys(as_json: AsJson = False) -> None:
    """List all keys, newest first, without their secrets."""
    with transaction(writes=False) as session:
        shown = queries.all_shown(session, operator(session))
    if as_json:
        answer(json.dumps([key.model_dump(mode="json") for key in shown], indent=1))
        return
    now = utc_now()
    for key in shown:
        state = "revoked" if key.revoked_at else "ended" if key.expires_at and key.expires_at <= now else "active"
        answer(f"{key.id}\t{key.role}\t{key.organization}\t{key.scope}\t{state}\t{key.name}")


@keys.command()
def revoke(
    key: Annotated[str, typer.Argument(help="The key's id, or the key itself.")], as_json: AsJson = False
) -> None:
    """Revoke a key: it stops working at once."""
    with transaction() as session:
        actor = operator(session)
        found = queries.get(session, actor, queries.public_id_of(key))
        shown = queries.shown_alone(session, service.revoke(session, actor, found))
    say(f"The key {shown.id} is revoked.")
    if as_json:
        answer(shown.model_dump_json())
