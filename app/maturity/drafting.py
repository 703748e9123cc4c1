"""The need that a gap becomes: a draft in the words of the clause and of the State's own evidence."""

from app.maturity.models import HIGHEST, MaturityLevel, SelfAssessment
from app.needs.models import Source
from app.needs.schemas import NeedIn, ProvisionIn, Recipient
from app.practices.models import ClauseText, Practice


def drafted(practice: Practice, text: ClauseText, level: MaturityLevel) -> str:
    """The description of a gap, for a person to make specific."""
    number = f" {text.number}" if text.number else ""
    said = (
        f"The State's own assessment against clause{number} ({text.title}) of {practice.title} "
        f"puts it at level {level.now} of {HIGHEST} and wants level {level.wanted}."
    )
    evidence = f"What the State gives as evidence: {level.evidence}" if level.evidence else ""
    clause = f"What the clause says: {text.body}" if text.body else ""
    return "\n\n".join(part for part in (said, evidence, clause) if part)[:20_000]


def need_in(assessment: SelfAssessment, text: ClauseText, description: str) -> NeedIn:
    """The draft's values. Its codes are the clause's, to be confirmed by a person."""
    codes: dict[str, list[str]] = {"themes": [], "weapons": []}
    for code in text.codes:
        codes[code.field].append(code.code)
    return NeedIn(
        recipient=Recipient(countries=[assessment.country]),
        title=text.title,
        description=description,
        language=assessment.practice.language,
        source=Source.STATE_REQUEST,
        source_ref=f"{assessment.ref}#{text.clause.anchor}",
        themes=codes["themes"],
        weapons=codes["weapons"],
        unconfirmed=[f"{field}:{code}" for field, listed in codes.items() for code in listed],
        provisions=[ProvisionIn.model_validate(one) for one in text.provisions],
        clauses=[f"{assessment.practice.ref}#{text.clause.anchor}"],
    )
