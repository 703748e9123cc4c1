"""Guidelines on the pages: read by anybody, commented on, treated, taken in from Markdown, published."""

from fastapi.testclient import TestClient

from tests.conftest import As
from tests.web.conftest import GUIDELINE, World, send
from tests.web.reading import faults

GUIDE = "/practices/GUIDE-1"


def test_nobody_signed_in_reads_what_is_in_force_and_nothing_else(anybody: TestClient, world: World):
    for path in ("/practices", GUIDE, f"{GUIDE}?version=1", f"{GUIDE}/diff", f"{GUIDE}/treatment"):
        answer = anybody.get(path)
        assert (answer.status_code, faults(answer.text)) == (200, []), path
        assert "open for comments" not in answer.text
        assert "Parts as well" not in answer.text

    assert anybody.get(f"{GUIDE}?version=3").status_code == 404
    led_to = anybody.get(f"{GUIDE}/consultation", follow_redirects=False)
    assert led_to.headers["location"].startswith("/sign-in")


def test_a_clause_has_an_address_and_its_codes(anybody: TestClient, world: World):
    text = anybody.get(GUIDE).text

    assert '<section id="marking"' in text
    assert "OP 6 of 2370" in text
    assert "<em>central</em>" in text


def test_clauses_are_filtered_by_theme_stage_and_weapon(anybody: TestClient, world: World):
    text = anybody.get(f"{GUIDE}?theme=WPN-PSM&stage=upstream").text

    assert 'id="storage"' in text
    assert 'id="marking"' not in text


def test_html_in_a_text_is_shown_and_not_obeyed(officer: As, world: World):
    text = officer.get(f"{GUIDE}/consultation").text

    assert "<b>its</b>" not in text
    assert "&lt;b&gt;its&lt;/b&gt;" in text


def test_a_link_that_would_run_something_is_no_link(officer: As, world: World):
    send(officer, f"{GUIDE}/versions/3/status", status="withdrawn", version='"1"')
    bad = GUIDELINE + "\n[click](javascript:alert(1)) ![spy](https://example.org/x.png)\n"
    send(officer, f"{GUIDE}/import", step="take", markdown=bad, compared_with="2")

    text = officer.get(f"{GUIDE}/consultation").text

    assert 'href="javascript' not in text
    assert "<img" not in text


def test_a_partner_comments_on_a_clause_and_finds_it_again(partner: As, donor: As, world: World):
    sent = send(partner, f"{GUIDE}/consultation/marking", text="Who marks?", form="k1")
    again = send(partner, f"{GUIDE}/consultation/marking", text="Who marks?", form="k1")

    assert (sent.status_code, again.status_code) == (303, 303)
    own = partner.get(f"{GUIDE}/comments").text
    assert own.count("Who marks?") == 1
    assert "Say who marks." not in own
    assert "Who marks?" not in donor.get(f"{GUIDE}/comments").text


def test_a_refused_comment_is_kept_in_the_form(officer: As, world: World):
    answer = send(officer, f"{GUIDE}/consultation/marking", text="For nobody in particular")

    assert answer.status_code == 422
    assert "For nobody in particular" in answer.text
    assert "for which State or workshop" in answer.text


def test_an_officer_treats_a_comment_and_publishes_the_version(officer: As, anybody: TestClient, world: World):
    early = send(officer, f"{GUIDE}/versions/3/status", status="current", version='"1"')
    path = f"{GUIDE}/comments/{world.comment.id}"
    treated = send(
        officer, path, disposition="accepted", reason="The importer marks.", asked="Who marks", version='"1"'
    )
    published = send(officer, f"{GUIDE}/versions/3/status", status="current", version='"1"')

    assert (early.status_code, treated.status_code, published.status_code) == (409, 303, 303)
    record = anybody.get(f"{GUIDE}/treatment").text
    assert "The importer marks." in record
    assert "Workshop W" not in record


def test_what_was_matched_is_shown_before_it_is_taken(officer: As, world: World):
    send(officer, f"{GUIDE}/versions/3/status", status="withdrawn", version='"1"')
    text = GUIDELINE.replace("{#storage", "{").replace("2 Secure storage", "7 Safe storage")

    shown = send(officer, f"{GUIDE}/import", step="check", markdown=text)

    assert shown.status_code == 200
    assert faults(shown.text) == []
    assert "#storage" in shown.text
    assert "likeness" in shown.text
    taken = send(officer, f"{GUIDE}/import", step="take", markdown=text, compared_with="2")
    assert taken.headers["location"] == f"{GUIDE}/consultation?said=version-opened"


def test_a_file_is_read_where_one_is_uploaded(officer: As, world: World):
    send(officer, f"{GUIDE}/versions/3/status", status="withdrawn", version='"1"')
    token = send_token(officer)

    file = {"file": ("guide.md", GUIDELINE.encode(), "text/markdown")}
    shown = officer.client.post(f"{GUIDE}/import", data={"token": token, "step": "check"}, files=file)
    latin = {"file": ("guide.md", "## Élan\n".encode("latin-1"), "text/markdown")}
    refused = officer.client.post(f"{GUIDE}/import", data={"token": token, "step": "check"}, files=latin)

    assert (shown.status_code, refused.status_code) == (200, 422)
    assert "2 clauses, compared with version 2" in shown.text
    assert "UTF-8" in refused.text


def send_token(visitor: As) -> str:
    page = visitor.get(f"{GUIDE}/import").text
    return page.split('name="token" value="')[1].split('"')[0]


def test_a_bad_text_names_its_lines(officer: As, world: World):
    send(officer, f"{GUIDE}/versions/3/status", status="withdrawn", version='"1"')

    answer = send(officer, f"{GUIDE}/import", step="check", markdown="## One {#A B}\n")

    assert answer.status_code == 422
    assert "Line 1" in answer.text


def test_a_version_that_is_no_number_is_refused_and_the_text_is_kept(officer: As, world: World):
    send(officer, f"{GUIDE}/versions/3/status", status="withdrawn", version='"1"')

    answer = send(officer, f"{GUIDE}/import", step="take", markdown="## One\n\nKept here.\n", compared_with="two")
    blank = send(officer, f"{GUIDE}/import", step="take", markdown="## One\n\nKept here.\n", compared_with="")

    assert (answer.status_code, blank.status_code) == (422, 412)
    assert "Kept here." in answer.text


def test_partners_find_no_officers_page(partner: As, world: World):
    for path in (f"{GUIDE}/import", "/practices/new"):
        assert partner.get(path).status_code == 403
