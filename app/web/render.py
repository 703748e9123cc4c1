"""What every page has: templates, who is signed in, the form's token, labels of codes. Templates never query."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.templating import Jinja2Templates
from jinja2 import StrictUndefined
from sqlalchemy.orm import Session

from app.access.authentication import SESSION_COOKIE, OptionalActor
from app.access.permissions import Permission
from app.access.service import csrf_token
from app.core.actor import Actor
from app.core.db import SessionDep, utc_now
from app.core.documents import NOT_ENDORSED, Document, to_html
from app.core.marking import CTED_ALONE, RECIPIENT_ALONE
from app.organizations.users.queries import me
from app.organizations.users.schemas import MeOut
from app.vocabularies import queries as vocabularies
from app.web import words
from app.web.markdown import rendered
from app.web.words import SAID

VISITOR_COOKIE = "counterpart_visitor"
LANGUAGE = "en"
P = Permission

# What the bar at the top offers, and the permission that a link needs.
NAVIGATION: Sequence[tuple[str, str, Permission | None]] = (
    ("/", "Home", P.PAIRING_READ),
    ("/assessments", "Assessments", P.ASSESSMENT_READ),
    ("/needs", "Needs", P.NEED_READ),
    ("/pairings", "Review queue", P.PAIRING_READ),
    ("/referrals", "Referrals", P.REFERRAL_READ),
    ("/offers", "Offers", P.OFFER_MAKE),
    ("/interests", "Interests", P.INTEREST_READ),
    ("/programmes", "Programmes", P.PROGRAMME_READ),
    ("/practices", "Guidelines", None),
    ("/clocks", "Due", P.CLOCK_READ),
    ("/portfolio", "Portfolio", P.PORTFOLIO_READ),
    ("/notices", "Notices", P.NOTICE_READ),
    ("/runs", "Match runs", P.MATCH_RUN),
    ("/users", "Users", P.USER_MANAGE),
    ("/keys", "Keys", P.KEY_MANAGE),
)


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks at the page, in the words that it shows, with the token that its forms carry."""

    actor: Actor | None
    token: str
    me: MeOut | None = None

    @property
    def marking(self) -> str:
        """How what this viewer prints is marked."""
        return CTED_ALONE if self.actor and self.actor.is_cted else RECIPIENT_ALONE

    def may(self, permission: str) -> bool:
        return self.me is not None and permission in self.me.permissions

    @property
    def links(self) -> list[tuple[str, str]]:
        return [(path, name) for path, name, needed in NAVIGATION if needed is None or self.may(needed)]


class Labels:
    """Labels of vocabulary codes, read once for a page that shows any."""

    def __init__(self, session: Session, language: str) -> None:
        self._session, self._language = session, language

    @cached_property
    def _rows(self) -> Mapping[tuple[str, str], str]:
        return vocabularies.labels(self._session, self._language)

    def __call__(self, kind: str, code: str) -> str:
        """The label of a code, or the code itself where there is none."""
        return self._rows.get((kind, code), code)

    def choices(self, kind: str) -> list[tuple[str, str]]:
        """Every (code, label) of a vocabulary, in its own order."""
        return [(code, label) for (own, code), label in self._rows.items() if own == kind]


@dataclass(frozen=True, slots=True)
class Page:
    """One request for a page. `show` renders a template with what every page has."""

    request: Request
    session: Session
    viewer: Viewer
    labels: Labels

    def show(
        self, template: str, status: int = 200, headers: Mapping[str, str] | None = None, **context: Any
    ) -> HTMLResponse:
        said = SAID.get(self.request.query_params.get("said", ""))
        own = {"viewer": self.viewer, "label": self.labels, "said": said}
        answer = render(self.request, template, status, **own, **context)
        answer.headers.update(headers or {})
        return answer

    def show_document(self, document: Document, others: Sequence[tuple[str, str]] = ()) -> HTMLResponse:
        """A document as a page to print; `others` are addresses of its other forms, with their names."""
        return HTMLResponse(to_html(document, others))

    def with_token(self, token: str) -> "Page":
        """The same page, its forms carrying `token`."""
        return replace(self, viewer=replace(self.viewer, token=token))


def _page(request: Request, session: SessionDep, actor: OptionalActor) -> Page:
    token = csrf_token(request.app.state.settings.secret, form_key(request))
    viewer = Viewer(actor, token, me(session, actor) if actor else None)
    request.state.viewer = viewer  # for the error page, which has no session of its own
    return Page(request, session, viewer, Labels(session, LANGUAGE))


PageDep = Annotated[Page, Depends(_page)]


def form_key(request: Request) -> str:
    """What a form's token is made from: the session, or before sign-in the visitor's own cookie."""
    return request.cookies.get(SESSION_COOKIE) or request.cookies.get(VISITOR_COOKIE, "")


def new_key() -> str:
    """A key for one form that is shown, by which it is done once."""
    return secrets.token_urlsafe(12)


def render(request: Request, template: str, status: int, **context: Any) -> HTMLResponse:
    return _templates.TemplateResponse(request, template, context, status_code=status)


def go(path: str, said: str | None = None, at: str = "") -> RedirectResponse:
    """Send the browser on to read `path` after a form was done, with one sentence to be shown there."""
    mark = "&" if "?" in path else "?"
    place = f"#{quote(at)}" if at else ""
    return RedirectResponse(f"{path}{mark}said={said}{place}" if said else path, 303)


def _day(value: date | datetime | str | None) -> str:
    """A day as 21 November 2026; nothing for none. Text is a day as JSON writes it."""
    day = date.fromisoformat(value[:10]) if isinstance(value, str) and value else value
    return f"{day.day} {day:%B %Y}" if isinstance(day, date) else ""


def _today() -> date:
    return utc_now().date()


def _moment(value: datetime | None) -> str:
    return f"{value.day} {value:%B %Y, %H:%M} UTC" if value else ""


def _money(value: Decimal | float | None, currency: str | None) -> str:
    return f"{currency or ''} {value:,.0f}".strip() if value is not None else ""


def _plainly(value: Any) -> str:
    """A value of any shape in plain text: "none" where it says nothing."""
    if isinstance(value, Mapping):
        return (
            ", ".join(f"{name.replace('_', ' ')} {_plainly(each)}" for name, each in value.items() if each)
            or "none"
        )
    if isinstance(value, (list, tuple)):
        return ", ".join(_plainly(each) for each in value) or "none"
    return str(value) if value not in (None, "") else "none"


def _address(value: object) -> str:
    """One part of a path, safe to stand between slashes."""
    return quote(str(value), safe="")


def _templates_of(folder: Path) -> Jinja2Templates:
    made = Jinja2Templates(folder)
    made.env.undefined = StrictUndefined  # a misspelt name is an error, not an empty string
    made.env.trim_blocks = made.env.lstrip_blocks = True
    filters = {"day": _day, "moment": _moment, "money": _money, "address": _address, "markdown": rendered}
    made.env.filters.update(filters, words=words.spoken, capital=words.capital, plainly=_plainly)
    made.env.globals.update(said=None, error_fields=(), tone=words.tone, new_key=new_key)
    made.env.globals.update(this_day=_today, not_endorsed=NOT_ENDORSED)
    return made


_templates = _templates_of(Path(__file__).parent / "templates")
