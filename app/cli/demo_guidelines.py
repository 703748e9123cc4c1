"""What the invented partner, delegation and workshop of the demo said of the guideline under consultation."""

import json
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.cli.demo_story import Cast
from app.practices import comments, queries
from app.practices.models import ClauseComment
from app.practices.schemas import CommentIn, DispositionIn


def comment(session: Session, people: Cast, folder: Path) -> None:
    """Make the comments once, and treat those of them that say how."""
    if session.scalar(select(ClauseComment.id).limit(1)):
        return
    for line in (folder / "comments.jsonl").read_text(encoding="utf-8").splitlines():
        said = json.loads(line)
        speaker = getattr(people, said.pop("by"))
        version = queries.consultation(session, speaker, said.pop("practice"))
        treated = {name: said.pop(name) for name in ("disposition", "reason", "asked") if name in said}
        made = comments.make(session, speaker, version, CommentIn.model_validate(said))
        if treated:
            comments.dispose(session, people.officer, made, DispositionIn.model_validate(treated))
