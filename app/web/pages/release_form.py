"""The part of a form that says on what a State's permission rests, as the services take it."""

from typing import Any

from app.needs.models import Basis
from app.web.forms import Form, filled
from app.web.names import codes_of
from app.web.render import Page
from app.web.words import spoken

FIELDS = {"from": "starts_at", "until": "ends_at", "except": "excepted", "audience/group": "audience"}
BASES = [(basis.value, spoken(basis).capitalize()) for basis in Basis]


def permission_of(page: Page, form: Form) -> dict[str, Any]:
    """Basis, reference, link, dates and the consents of several States, as far as they were filled in."""
    states = codes_of("\n".join(form.many("state")), "country", page.labels)
    consents = [
        filled(
            country=state,
            reference=form.text(f"consent-{state}").strip(),
            document_url=form.text(f"document-{state}").strip(),
        )
        for state in states
    ]
    return {
        "basis": form.text("basis"),
        "reference": form.text("reference"),
        **filled(
            document_url=form.text("document_url").strip(),
            starts_at=form.text("starts_at"),
            ends_at=form.text("ends_at"),
            consents=[consent for consent in consents if "reference" in consent],
        ),
    }


def audience_of(form: Form) -> dict[str, str]:
    """The group or the organization that was chosen."""
    kind, _, ref = form.text("audience").partition(":")
    return {kind: ref} if kind in {"group", "organization"} else {}
