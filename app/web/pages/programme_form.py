"""The form of a programme: its values as a strict body takes them, and a programme as the form shows it."""

from typing import Any

from app.programmes.schemas import ProgrammeOwn, ProgrammeView
from app.web.forms import Form, whole_number
from app.web.names import code_of, codes_of, names_of
from app.web.render import Labels

# Where the message of a pointer is shown, where the field has another name.
FIELDS = {
    "coverage": "is_global",
    "coverage/regions": "regions",
    "coverage/countries": "countries",
    "coverage/members_of": "members_of",
    "provenance/source_url": "source_url",
    "provenance/caveat": "caveat",
    "provenance/kind": "organization",
}
_CHECKED = ("themes", "dimensions", "functions", "weapons", "assistance_types", "languages")
_DATED = ("starts_on", "ends_on", "actual_starts_on", "actual_ends_on", "calls_open_on", "calls_close_on")
_LINES = ("external_id", "eligibility_notes", "funding", "web_page", "budget", "currency", "ceiling", "applies")
_PLAIN = ("kind", "title", "summary", "language")


def body_of(form: Form, labels: Labels, new: bool) -> dict[str, Any]:
    """The values of `form` as ProgrammeIn (`new`) or ProgrammePatch takes them; a blank field clears."""
    body: dict[str, Any] = {
        **{name: form.text(name) for name in _PLAIN},
        **{name: form.many(name) for name in _CHECKED},
        **{name: form.text(name).strip() or None for name in (*_DATED, *_LINES)},
        "currency": code_of(form.text("currency"), "currency", labels) or None,
        "activities": form.lines("activities"),
        "clauses": form.lines("clauses"),
        "excluded": codes_of(form.text("excluded"), "country", labels),
        "partners": [_partner(line) for line in form.lines("partners")],
        "capacity": whole_number(form.text("capacity")),
        "coverage": {
            "global": form.text("is_global") == "yes",
            "regions": form.many("regions"),
            "countries": codes_of(form.text("countries"), "country", labels),
            "members_of": form.lines("members_of"),
        },
        "provenance": {"source_url": form.text("source_url"), "caveat": form.text("caveat")},
    }
    if new and form.text("organization"):
        body["organization"] = form.text("organization")
    return body


def form_of(programme: ProgrammeView, labels: Labels) -> Form:
    """The form that shows `programme` as it is."""
    values: dict[str, list[str]] = {
        **{name: list(getattr(programme, name)) for name in _CHECKED},
        **{name: [_text(getattr(programme, name))] for name in (*_PLAIN, *_DATED)},
        **{name: [_text(getattr(programme, name))] for name in _LINES if name != "eligibility_notes"},
        "activities": ["\n".join(programme.activities)],
        "clauses": ["\n".join(programme.clauses)],
        "partners": ["\n".join(_said(one.organization, one.role) for one in programme.partners)],
        "is_global": ["yes" if programme.coverage.is_global else ""],
        "regions": list(programme.coverage.regions),
        "countries": [names_of(programme.coverage.countries, "country", labels)],
        "members_of": ["\n".join(programme.coverage.members_of)],
        "source_url": [programme.provenance.source_url],
        "caveat": [programme.provenance.caveat],
    }
    if isinstance(programme, ProgrammeOwn):
        values["excluded"] = [names_of(programme.excluded, "country", labels)]
        values["eligibility_notes"] = [programme.eligibility_notes]
        values["capacity"] = [_text(programme.capacity)]
    return Form(values)


def _partner(line: str) -> dict[str, str]:
    """`EU: funding`, or `EU` where the role is not known."""
    organization, _, role = (part.strip() for part in line.partition(":"))
    return {"organization": organization, "role": role.lower()} if role else {"organization": organization}


def _said(organization: str, role: str | None) -> str:
    return f"{organization}: {role}" if role else organization


def _text(value: object) -> str:
    return "" if value is None else str(value)
