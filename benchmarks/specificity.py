"""Holds needs against the rules of specificity, and prints the share that meets each and those that fail.

    python -m benchmarks.specificity [FILE ...]

Each FILE has one need a line, as the API takes it; without any, the needs of seed_data. docs/specificity.md shows
what it printed.
"""

import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from app.needs.schemas import Specificity, SpecificityIn
from app.needs.specificity import THRESHOLD, check, rules

SEED = Path(__file__).parents[1] / "seed_data"
FILES = (SEED / "needs.jsonl", SEED / "demo" / "needs.jsonl")
Checked = Sequence[tuple[Mapping[str, Any], Specificity]]


def main(files: Sequence[Path] = ()) -> None:
    rows = [row for path in files or FILES for row in read(path)]
    checked = [(row, check(_values(row))) for row in rows]
    say(f"{len(checked)} needs; needed to be opened: {THRESHOLD:g} of the rules\n")
    print_shares(checked)
    print_failing(checked)


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def print_shares(checked: Checked) -> None:
    """A row for each language and one for all: how many, and the share that meets each rule and that passes."""
    by_language: dict[str, list[Specificity]] = defaultdict(list)
    for row, result in checked:
        by_language[str(row.get("language") or "?")].append(result)
    names = [rule.name for rule in rules()]
    say(f"| | needs | {' | '.join(names)} | passes |")
    say("|---" * (len(names) + 3) + "|")
    for language, results in [*by_language.items(), ("all", [result for _, result in checked])]:
        counted = Counter(met.rule for result in results for met in result.met)
        shares = [counted[name] for name in names] + [sum(result.passes for result in results)]
        say(f"| {language} | {len(results)} | {' | '.join(_percent(n, len(results)) for n in shares)} |")


def print_failing(checked: Checked) -> None:
    say("\n| fails | score | met by | missing |\n|---|---|---|---|")
    for row, result in checked:
        if not result.passes:
            met = "; ".join(f"{one.rule}: {one.evidence}" for one in result.met if one.rule != "one_subject")
            missing = ", ".join(one.rule + (f" ({one.found})" if one.found else "") for one in result.missing)
            say(f"| {row.get('source_ref', '')} {row['title']} | {result.score:.2f} | {met} | {missing} |")


def _values(row: Mapping[str, Any]) -> SpecificityIn:
    known = {name: row[name] for name in SpecificityIn.model_fields if row.get(name) is not None}
    return SpecificityIn.model_validate(known)


def _percent(part: int, whole: int) -> str:
    return f"{part / whole:.0%}" if whole else "–"


def _paths(arguments: Iterable[str]) -> list[Path]:
    return [Path(argument) for argument in arguments]


if __name__ == "__main__":
    main(_paths(sys.argv[1:]))
