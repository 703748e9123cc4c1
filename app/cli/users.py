"""`counterpart users`: accounts, and the single-use links by which their owners set a password."""

import json
from typing import Annotated

import typer

from app.cli.session import CTED, answer, open_settings, operator, say, transaction
from app.core.actor import Role
from app.core.settings import Settings
from app.organizations.users import queries, service
from app.organizations.users.schemas import UserIn

users = typer.Typer(no_args_is_help=True)
Email = Annotated[str, typer.Argument(help="E-mail address of the account.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_TO_PRINT = {"smtp_url": ""}  # the operator asked for the link: it is printed, whether mail could be sent or not


@users.command()
def add(
    email: Email,
    role: Annotated[Role, typer.Option(help="What the account may do.")],
    organization: Annotated[str, typer.Option(help="Reference of the organization it belongs to.")] = CTED,
    as_json: AsJson = False,
) -> None:
    """Make an account and print the single-use link by which its owner sets a password."""
    with transaction() as session:
        values = UserIn(email=email, role=role, organization=organization)
        user, invitation = service.add(session, operator(session), values, _settings())
        shown = queries.shown_alone(session, user)
    _print_link(shown.email, invitation.link, as_json)


@users.command("list")
def list_users(as_json: AsJson = False) -> None:
    """List all accounts."""
    with transaction(writes=False) as session:
        shown = queries.all_shown(session, operator(session))
    if as_json:
        answer(json.dumps([user.model_dump(mode="json") for user in shown], indent=1))
        return
    for user in shown:
        state = "disabled" if user.disabled_at else "active" if user.has_password else "invited"
        answer(f"{user.email}\t{user.role}\t{user.organization}\t{state}")


@users.command()
def reset(email: Email, as_json: AsJson = False) -> None:
    """Print a single-use link to set a new password."""
    with transaction() as session:
        actor = operator(session)
        user = queries.by_email(session, actor, email)
        link = service.reset(session, actor, user, _settings()).link
        address = user.email
    _print_link(address, link, as_json)


@users.command()
def disable(email: Email, as_json: AsJson = False) -> None:
    """Disable an account; whoever is signed in with it is out at once."""
    with transaction() as session:
        actor = operator(session)
        user = service.disable(session, actor, queries.by_email(session, actor, email))
        session.flush()
        shown = queries.shown_alone(session, user)
    say(f"{shown.email} is disabled and signed out everywhere.")
    if as_json:
        answer(shown.model_dump_json())


def _settings() -> Settings:
    return open_settings().model_copy(update=_TO_PRINT)


def _print_link(email: str, link: str | None, as_json: bool) -> None:
    if as_json:
        answer(json.dumps({"email": email, "link": link}))
        return
    say(f"{email} sets a password with this link; it works once:")
    answer(link or "")
