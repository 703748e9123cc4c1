import json
import math
import subprocess
import sys
import time
from io import StringIO
from pathlib import Path

import pytest

from matching.__main__ import main

NEED = {
    "id": "n1",
    "title": "Unmarked weapons",
    "description": "Marking machines and a firearms register are needed.",
    "recipient": {"region": "011"},
    "unknown": 1,
}
PROGRAMME = {
    "id": "p1",
    "title": "Firearms marking",
    "summary": "Marking machines and registers.",
    "coverage": {"global": True, "regions": [], "countries": []},
}
OTHER = {"id": "p2", "text": "Aviation security quality control at airports."}


def jsonl(path: Path, *rows: object) -> str:
    path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows), encoding="utf-8")
    return str(path)


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    needs = jsonl(tmp_path / "n.jsonl", NEED, {"id": "n2", "text": "A recipe with eggs."})
    return ["--needs", needs, "--programmes", jsonl(tmp_path / "p.jsonl", PROGRAMME, OTHER)]


def run(*arguments: str) -> str:
    out = StringIO()
    assert main(list(arguments), out) == 0
    return out.getvalue()


def test_rank_prints_trec_lines_best_first(files: list[str]) -> None:
    lines = [line.split(" ") for line in run("rank", *files).splitlines()]

    assert lines[0][:4] == ["n1", "Q0", "p1", "1"]
    assert all(len(line) == 6 and float(line[4]) > 0 for line in lines)


def test_rank_with_proposals_keeps_only_what_is_proposed(files: list[str]) -> None:
    assert [line.split(" ")[2] for line in run("rank", *files, "--proposals").splitlines()] == ["p1"]


def test_explain_prints_contributions_that_sum_to_the_score(files: list[str]) -> None:
    chosen = ("explain", *files, "--need", "n1", "--programme", "p1")

    found = json.loads(run(*chosen, "--json"))

    assert math.isclose(sum(part["weight"] for part in found["contributions"]), found["score"], abs_tol=1e-9)
    assert "both texts" in run(*chosen)


def test_evaluate_measures_by_language_and_abstention(files: list[str], tmp_path: Path) -> None:
    judged = jsonl(tmp_path / "q.tsv", "need_id\tprogramme_id\tgrade", "n1\tp1\t3", "n2\tp1\t0")

    found = json.loads(run("evaluate", *files, "--qrels", judged, "--json"))

    assert found["quality"]["all"] == found["quality"]["en"]
    assert found["quality"]["en"]["ndcg@10"] == 1
    assert found["abstention"]["rightly_empty"] == 1
    assert "ndcg@10" in run("evaluate", *files, "--qrels", judged)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "n.jsonl, line 2: is not JSON"),
        ("[]", "n.jsonl, line 2: must be a JSON object"),
        ({"title": "x"}, "n.jsonl, line 2, field id"),
        ({"id": "x"}, "n.jsonl, line 2, field description: no text"),
        ({"id": "x", "title": 3}, "n.jsonl, line 2, field title: must be a text"),
        ({"id": "x", "title": "t", "themes": "WPN"}, "n.jsonl, line 2, field themes: must be a list"),
        ({"id": "x", "title": "t", "recipient": "ML"}, "n.jsonl, line 2, field recipient: must be an object"),
        ({"id": "n1", "title": "t"}, "n.jsonl, line 2, field id: 'n1' is there twice"),
    ],
)
def test_a_malformed_line_is_named_with_file_line_and_field(
    files: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], line: object, message: str
) -> None:
    files[1] = jsonl(tmp_path / "n.jsonl", NEED, line)

    assert main(["rank", *files]) == 2

    assert message in capsys.readouterr().err


def test_a_malformed_date_or_judgement_is_named(
    files: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files[3] = jsonl(tmp_path / "p.jsonl", {**PROGRAMME, "ends_on": "soon"})
    assert main(["rank", *files]) == 2
    assert "p.jsonl, line 1, field ends_on: 'soon' is not a date" in capsys.readouterr().err

    files[3] = jsonl(tmp_path / "p.jsonl", PROGRAMME)
    assert main(["evaluate", *files, "--qrels", jsonl(tmp_path / "q.tsv", "n1\tp1\thigh\n", "n1\tp1\thigh")]) == 2
    assert "field grade: 'high' is not a whole number" in capsys.readouterr().err


@pytest.mark.parametrize("grade", ["--3", "9" * 5_000, "2000", "³", "1.5"])
def test_a_grade_that_is_no_small_whole_number_is_named(
    grade: str, files: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    judged = jsonl(tmp_path / "q.tsv", f"n1\tp1\t{grade}")

    assert main(["evaluate", *files, "--qrels", judged]) == 2
    assert "q.tsv, line 1, field grade" in capsys.readouterr().err


@pytest.mark.parametrize("identity", ['"s\\ud800"', "9" * 5_000, '"a b"', '"a\\u001bb"'])
def test_an_id_that_cannot_be_written_is_named(
    identity: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    needs = jsonl(tmp_path / "n.jsonl", f'{{"id": {identity}, "title": "Police"}}')

    assert main(["rank", "--needs", needs, "--programmes", needs]) == 2
    assert "n.jsonl, line 1" in capsys.readouterr().err


def test_a_folder_of_knowledge_that_is_not_there_is_named(
    files: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["rank", *files, "--extra", str(tmp_path / "nowhere")])
    assert "is not a folder" in capsys.readouterr().err


def test_readers_end_with_the_process_that_started_them(tmp_path: Path) -> None:
    started = (
        "import multiprocessing, os, signal\n"
        "from matching import Programme, load_model\n"
        "from matching.readers import Readers\n"
        "if __name__ == '__main__':\n"
        "    readers = Readers(load_model(), 2).__enter__()\n"
        "    readers.programmes([Programme(f'P{n}', 'Border police') for n in range(5_000)])\n"
        "    print(*[child.pid for child in multiprocessing.active_children()], flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    script = tmp_path / "started.py"
    script.write_text(started)

    said = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False).stdout

    assert len(said.split()) == 2
    until = time.monotonic() + 20
    while any(Path(f"/proc/{pid}").exists() for pid in said.split()) and time.monotonic() < until:
        time.sleep(0.05)
    assert [pid for pid in said.split() if Path(f"/proc/{pid}").exists()] == []


def test_an_unknown_file_or_id_is_one_clear_error(
    files: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", *files, "--need", "n1", "--programme", "nope"]) == 2
    assert "no programme has the id 'nope'" in capsys.readouterr().err

    files[1] = str(tmp_path / "missing.jsonl")
    assert main(["rank", *files]) == 2
    assert "cannot be read" in capsys.readouterr().err
