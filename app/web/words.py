"""The words of the pages for what the code calls by a short name: states, choices, and what was just done."""

import enum

SAID = {
    "signed-out": "You are signed out.",
    "password-set": "Your password is set. Sign in with it.",
    "link-asked": "If there is an account for this address, a letter with a link is on its way.",
    "assessment-saved": "The assessment is saved.",
    "table-taken": "The table is taken in. Its needs are below, as drafts.",
    "codes-confirmed": "The codes are confirmed.",
    "needs-opened": "The needs are open. Programmes are being proposed for them.",
    "need-saved": "The need is saved.",
    "need-opened": "The need is open. Programmes are being proposed for it.",
    "need-moved": "The status is changed.",
    "release-recorded": "The release is recorded.",
    "release-withdrawn": "The release is withdrawn: nobody sees the need by it any more. Below is who still does.",
    "all-withdrawn": "Every release of the need is withdrawn: nobody outside CTED sees it any more.",
    "objection-recorded": "The objection is recorded, and the release withdrawn.",
    "releases-recorded": "The releases are recorded, one for each chosen need.",
    "agreement-recorded": "The State's agreement is recorded: silence can be a basis for its needs.",
    "agreement-ended": "The end is recorded. Procedures that ran for this State are withdrawn.",
    "held": "This waits for a second officer, and happens when one clears it.",
    "cleared": "Cleared, and done.",
    "refused": "Refused. Nothing was done.",
    "consent-recorded": "The State's consent is recorded.",
    "decided-several": "Your decisions are recorded.",
    "decided": "Your decision is recorded.",
    "stored": "The pairing is stored.",
    "offered": "Your offer is with CTED for review. What becomes of it is shown here.",
    "offer-withdrawn": "Your offer is withdrawn.",
    "practice-begun": "The document is begun. Take its text in.",
    "version-opened": "The version is open for consultation. Partners and delegations can comment on its clauses.",
    "version-published": "The version is in force, and how each comment was treated is published with it.",
    "version-withdrawn": "The version is withdrawn. Its comments are kept.",
    "clause-cited": "The clause is cited, in the version that is in force.",
    "comment-made": "The comment is recorded.",
    "comment-treated": "How the comment is treated is recorded. It is published with the version.",
    "interest-expressed": "Your interest is recorded. CTED sees it; other delegations do not.",
    "interest-changed": "The interest is changed.",
    "named": "It is recorded that the organization agreed to be named.",
    "unnamed": "The organization is not named any more.",
    "search-kept": "The search is saved.",
    "search-deleted": "The search is deleted, and its secret addresses open nothing any more.",
    "address-revoked": "The secret address opens nothing any more.",
    "address-made-before": "The form was sent twice, and one address was made. It was in the first answer alone: "
    "if you did not see it, renew it.",
    "programme-saved": "The programme is saved.",
    "programme-moved": "The status is changed.",
    "assured": "Thank you: the programme is assured to be up to date.",
    "assured-several": "Thank you: the programmes are assured to be up to date.",
    "notices-seen": "Marked as seen.",
    "notices-chosen": "Your choices are saved.",
    "conveyed": "The letter is recorded: the organization sees the needs and can answer here.",
    "moved": "That is recorded.",
    "advisory-saved": "The note is saved.",
    "handed-over": "It is handed over; each record keeps from whom, and why.",
    "briefing-given": "It is recorded that the briefing was given.",
    "run-started": "The run is queued; this page shows how far it is.",
    "user-changed": "The account is changed.",
    "user-invited-before": "The form was sent twice, they were invited once. The link was in the first answer; "
    "if you did not see it, “New link” gives another.",
    "key-issued-before": "The form was sent twice, and one key was issued. It was in the first answer alone: "
    "if you did not see it, revoke the newest key and issue another.",
    "key-revoked": "The key is revoked and opens nothing any more.",
}

_SPOKEN = {
    "on_hold": "on hold",
    "follow_up": "follow-up",
    "source_ref": "number",
    "existing_efforts": "what exists, State's remarks",
    "one_subject": "one subject",
    "partly_met": "partly met",
    "not_met": "not met",
    "state_request": "request of the State",
    "roster_or_tool": "roster or tool",
    "border_or_customs": "border guard or customs",
    "financial_intelligence": "financial intelligence unit",
    "civil_aviation": "civil aviation",
    "public_sources": "compiled from public sources",
    "organization": "entered by the organization",
    "other_preferred": "another programme is preferred",
    "political_or_consent": "political, or no consent",
    "duplicate_of": "duplicate of another pairing",
    "already_assisted": "already assisted",
    "no_objection": "no objection",
    "assessment_releases": "releases of an assessment",
    "on_request": "on request",
    "co_funding": "co-funding",
    "full_funding": "full funding",
    "outside_mandate": "outside the mandate",
    "access_or_security": "access or security",
    "due_diligence": "due diligence",
    "already_covered": "already covered",
    "done_with_mitigation": "done, with mitigation",
}
_TONES = {
    "current": "good",
    "added": "good",
    "changed": "warn",
    "removed": "bad",
    "unchanged": "none",
    "consultation": "warn",
    "partly_accepted": "good",
    "noted": "none",
    "open": "good",
    "active": "good",
    "accepted": "good",
    "conveyed": "good",
    "acknowledged": "good",
    "fulfilled": "good",
    "not_taken_up": "none",
    "withdrawn": "none",
    "fresh": "good",
    "done": "good",
    "taken_up": "good",
    "in_delivery": "good",
    "completed": "good",
    "declined": "bad",
    "proposed": "",
    "draft": "none",
    "closed": "none",
    "ended": "none",
    "superseded": "none",
    "on_hold": "warn",
    "suspended": "warn",
    "deferred": "warn",
    "due": "warn",
    "waiting": "warn",
    "cleared": "good",
    "refused": "bad",
    "overdue": "warn",
    "running": "warn",
    "queued": "warn",
    "rejected": "bad",
    "retracted": "bad",
    "stale": "bad",
    "failed": "bad",
    "high": "warn",
}


def spoken(value: object) -> str:
    """What people call a short name such as `on_hold`."""
    name = str(value.value if isinstance(value, enum.Enum) else value)
    return _SPOKEN.get(name, name.replace("_", " "))


def capital(text: str) -> str:
    """The same with its first letter in upper case, as a label stands alone."""
    return text[:1].upper() + text[1:]


def tone(value: object) -> str:
    """The class of the chip that shows a state. The word in it says the same, so colour is never alone."""
    name = str(value.value if isinstance(value, enum.Enum) else value)
    return f"chip chip-{_TONES[name]}" if _TONES.get(name) else "chip"
