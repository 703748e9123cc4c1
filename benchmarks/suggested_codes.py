"""Holds the codes suggested for the needs of seed_data against those that they declare.

    python -m benchmarks.suggested_codes

Prints, for each field, the share of suggestions that are declared, the share of declared codes that are suggested,
and suggestions a need. docs/assessments.md shows what it printed.
"""

import json
import sys
from pathlib import Path

from app.pairings.coding import MOST, spoken_of
from matching import load_model

SEED = Path(__file__).parents[1] / "seed_data"
FILES = (SEED / "needs.jsonl", SEED / "demo" / "needs.jsonl")


def main() -> None:
    model = load_model()
    rows = [json.loads(line) for path in FILES for line in path.read_text(encoding="utf-8").splitlines()]
    found = [spoken_of(f"{row['title']}\n{row['description']}", row["language"], model) for row in rows]
    sys.stdout.write(
        "| | suggested and declared | declared and suggested | suggested a need |\n|---|---|---|---|\n"
    )
    for field in MOST:
        pairs = [(set(codes[field]), set(row.get(field) or ())) for codes, row in zip(found, rows, strict=True)]
        both = sum(len(suggested & declared) for suggested, declared in pairs)
        suggested, declared = (sum(len(pair[side]) for pair in pairs) for side in (0, 1))
        shares = f"{both / suggested:.0%} | {both / declared:.0%} | {suggested / len(rows):.1f}"
        sys.stdout.write(f"| {field} | {shares} |\n")


if __name__ == "__main__":
    main()
