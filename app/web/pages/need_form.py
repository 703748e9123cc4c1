"""The form of a need: its values as a strict body takes them, and a need as the form shows it."""

from typing import Any

from pydantic import ValidationError

from app.needs import specificity
from app.needs.schemas import NeedOfficer, NeedView, Specificity, SpecificityIn
from app.web.forms import Form, filled
from app.web.names import code_of, codes_of, names_of
from app.web.render import Labels, Page

LANGUAGES = ("en", "fr", "es", "ru", "ar", "zh")
# Where the message of a pointer is shown, where the field has another name.
FIELDS = {
    "recipient": "recipient",
    "recipient/countries": "countries",
    "recipient/region": "region",
    "recipient/members_of": "members_of",
    "recipient/context": "context",
    "indicative_cost": "cost_low",
    "indicative_cost/low": "cost_low",
    "indicative_cost/high": "cost_high",
    "indicative_cost/currency": "cost_currency",
}
_TEXTS = ("title", "description", "source")
_LINES = (
    "language", "priority", "beneficiary_kind", "institution", "existing_efforts", "wanted_by", "assessment",
    "source_ref", "responsible", "deputy",
)  # fmt: skip
_CHECKED = ("themes", "dimensions", "functions", "weapons", "assistance_types")
_COST = ("low", "high", "currency", "estimated_by")


def body_of(form: Form, labels: Labels) -> dict[str, Any]:
    """The values of `form` as NeedPatch takes them, and without those that are blank NeedIn."""
    return {
        **{name: form.text(name) for name in _TEXTS},
        **{name: form.text(name).strip() or None for name in _LINES},
        **{name: form.many(name) for name in _CHECKED},
        "recipient": _recipient(form, labels),
        "provisions": [_provision(line) for line in form.lines("provisions")],
        "clauses": form.lines("clauses"),
        "indicative_cost": _cost(form, labels),
        "translations": _translations(form),
    }


def form_of(need: NeedView, labels: Labels) -> Form:
    """The form that shows `need` as it is. Only officers edit."""
    assert isinstance(need, NeedOfficer)
    recipient, cost = need.recipient, need.indicative_cost or {}
    kind = next(name for name in ("countries", "region", "members_of") if name in recipient)
    values: dict[str, list[str]] = {
        **{name: [_text(getattr(need, name))] for name in (*_TEXTS, *_LINES)},
        **{name: list(getattr(need, name)) for name in _CHECKED},
        **{f"cost_{name}": [_text(cost.get(name))] for name in _COST},
        "recipient": [kind],
        "countries": [names_of(recipient.get("countries", []), "country", labels)],
        "region": [_text(recipient.get("region"))],
        "members_of": [_text(recipient.get("members_of"))],
        "context": [_text(recipient.get("context"))],
        "clauses": ["\n".join(need.clauses)],
        "provisions": ["\n".join(_cited(provision) for provision in need.provisions)],
    }
    for language, translation in need.translations.items():
        values |= {f"{language}-{name}": [_text(value)] for name, value in translation.items()}
    return Form(values)


def specificity_of(page: Page, form: Form) -> Specificity | None:
    """How specific the entered text is, before it is saved; what cannot be read yet is left out."""
    threshold = page.request.app.state.settings.specificity_threshold
    body = filled(**body_of(form, page.labels))
    try:
        kept = {name: body[name] for name in SpecificityIn.model_fields if name in body}
        return specificity.check(SpecificityIn.model_validate(kept), threshold)
    except ValidationError as error:
        form.refuse(error, FIELDS)
        return None


def _recipient(form: Form, labels: Labels) -> dict[str, Any]:
    values = {
        "countries": codes_of(form.text("countries"), "country", labels),
        "region": form.text("region"),
        "members_of": form.text("members_of"),
    }
    kind = form.text("recipient")
    return filled(context=form.text("context"), **{name: values[name] for name in values if name == kind})


def _cost(form: Form, labels: Labels) -> dict[str, Any] | None:
    values = {name: form.text(f"cost_{name}").strip() for name in _COST}
    return filled(**values | {"currency": code_of(values["currency"], "currency", labels)}) or None


def _provision(line: str) -> dict[str, str]:
    """`2370: 6`, or `2370` for the whole of it."""
    instrument, _, paragraph = (part.strip() for part in line.partition(":"))
    return filled(instrument=instrument, paragraph=paragraph)


def _cited(provision: dict[str, Any]) -> str:
    paragraph = provision.get("paragraph")
    return f"{provision['instrument']}: {paragraph}" if paragraph else str(provision["instrument"])


def _translations(form: Form) -> dict[str, dict[str, str]]:
    """By language, those that say something."""
    found: dict[str, dict[str, str]] = {}
    for language in LANGUAGES:
        said = {name: form.text(f"{language}-{name}") for name in ("title", "description")}
        if any(text.strip() for text in said.values()):
            found[language] = said | {"quality": form.text(f"{language}-quality", "unofficial")}
    return found


def _text(value: object) -> str:
    return "" if value is None else str(value)
