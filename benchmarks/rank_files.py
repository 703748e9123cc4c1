"""Times `python -m matching rank` as a whole process beside a script of TfidfVectorizer and sparse_dot_topn.

python -m benchmarks.rank_files [size]

`size` needs and programmes (20,000) are written to files; both rank the hundred best of each and write run lines.
The script takes words without stemming, codes or places, and multiplies with two threads.
"""

# ruff: noqa: T201
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmarks import matching_generator as generator
from matching import Place

ROOT = Path(__file__).resolve().parents[1]
ROUNDS = 3
SCRIPT = """
import json, sys
from sklearn.feature_extraction.text import TfidfVectorizer
from sparse_dot_topn import sp_matmul_topn

needs, programmes = ([json.loads(line) for line in open(path)] for path in sys.argv[1:])
text = lambda row: row["title"] + " " + row["text"]
words = TfidfVectorizer(stop_words="english")
offered, asked = words.fit_transform(map(text, programmes)), words.transform(map(text, needs))
found = sp_matmul_topn(asked, offered.T.tocsr(), top_n=100, n_threads=2, sort=True)
for row, need in enumerate(needs):
    some = slice(found.indptr[row], found.indptr[row + 1])
    for place, (column, score) in enumerate(zip(found.indices[some], found.data[some]), 1):
        sys.stdout.write(f"{need['id']} Q0 {programmes[column]['id']} {place} {score:.9f} tfidf\\n")
"""


def main(size: int) -> None:
    """Print the seconds of both, and their ratio, of each round."""
    with tempfile.TemporaryDirectory() as folder:
        needs, programmes = Path(folder, "needs.jsonl"), Path(folder, "programmes.jsonl")
        needs.write_text("".join(_lines(_need(one) for one in generator.needs(size))))
        programmes.write_text("".join(_lines(_programme(one) for one in generator.programmes(size))))
        ours = ["-m", "matching", "rank", "--needs", str(needs), "--programmes", str(programmes)]
        for _ in range(ROUNDS):
            theirs = _seconds(["-c", SCRIPT, str(needs), str(programmes)])
            spent = _seconds(ours)
            print(f"{size:,} x {size:,}: script {theirs:.1f} s, rank {spent:.1f} s, {spent / theirs:.2f} of it")


def _lines(rows: Iterable[dict[str, Any]]) -> Iterable[str]:
    return (json.dumps(row) + "\n" for row in rows)


def _need(one: generator.Need) -> dict[str, Any]:
    place = _place(one.recipient)
    return {"id": one.id, "title": one.title, "text": one.text, "language": "en", "themes": one.themes} | (
        {"recipient": place} if place else {}
    )


def _programme(one: generator.Programme) -> dict[str, Any]:
    place = _place(one.coverage)
    return {"id": one.id, "title": one.title, "text": one.summary, "language": "en", "themes": one.themes} | (
        {"coverage": place} if place else {}
    )


def _place(place: Place | None) -> dict[str, Any]:
    if place is None:
        return {}
    return {"countries": place.countries, "regions": place.regions, "global": place.is_global}


def _seconds(arguments: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, *arguments], cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - started


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
