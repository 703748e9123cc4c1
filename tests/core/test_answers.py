"""What every answer has, whatever is asked."""

import json
from collections.abc import Iterator
from typing import Any

import anyio
import pytest
from fastapi import Request
from fastapi.testclient import TestClient

from app.core.answers import WholeBody
from app.core.bodies import MAX_JSON_SIZE
from app.core.settings import Settings
from app.main import MAX_BODY_SIZE, create_app

SOMEBODY = {"Authorization": "Bearer of a key"}


@pytest.fixture
def plain(settings: Settings) -> Iterator[TestClient]:
    """The application on an empty database, with routes that misbehave."""
    app = create_app(settings)

    @app.get("/api/v1/things/{ref}")
    def read(ref: str, request: Request) -> dict[str, str]:
        return {"ref": ref, "request_id": request.state.request_id}

    @app.post("/api/v1/things/{ref}")
    def write(ref: str, body: dict[str, str]) -> dict[str, str]:
        return body

    @app.get("/api/v1/bug")
    def bug() -> None:
        raise ZeroDivisionError("the secret of the State")

    with TestClient(app, headers=SOMEBODY, raise_server_exceptions=False) as client:
        yield client
    app.state.engine.dispose()


def test_a_request_id_that_is_sane_is_kept_and_answered(plain: TestClient):
    answer = plain.get("/api/v1/things/a", headers={"X-Request-ID": "partner-7.42"})

    assert answer.headers["X-Request-ID"] == answer.json()["request_id"] == "partner-7.42"


@pytest.mark.parametrize("given", ["", "a b", 'x"y', "a" * 65, "ä".encode().decode("latin-1")])
def test_a_request_id_that_could_break_a_log_is_replaced(plain: TestClient, given: str):
    answer = plain.get("/api/v1/things/a", headers={"X-Request-ID": given.encode("latin-1")})

    assert len(answer.headers["X-Request-ID"]) == 32


@pytest.mark.parametrize("path", ["/api/v1/things/a", "/api/v1/none", "/api/v1/bug", "/healthz", "/docs"])
def test_every_answer_has_the_security_headers(plain: TestClient, path: str):
    headers = plain.get(path).headers

    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert "X-Request-ID" in headers
    assert "Strict-Transport-Security" not in headers


def test_https_is_asked_for_where_cookies_are_secure(settings: Settings):
    app = create_app(settings.model_copy(update={"cookies_secure": True}))

    with TestClient(app) as client:
        assert "max-age" in client.get("/healthz").headers["Strict-Transport-Security"]
    app.state.engine.dispose()


def test_a_bug_is_a_problem_document_that_tells_nothing(plain: TestClient):
    answer = plain.get("/api/v1/bug")

    assert answer.status_code == 500
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "secret" not in answer.text


def test_a_bug_is_logged_once_with_its_request_id_and_without_local_variables(
    plain: TestClient, capsys: pytest.CaptureFixture[str]
):
    plain.get("/api/v1/bug", headers={"X-Request-ID": "r-1", "Authorization": "Bearer hidden"})

    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    failed = [line for line in lines if line["event"] == "request failed"]
    assert [line["request_id"] for line in failed] == ["r-1"]
    assert "hidden" not in json.dumps(lines)


def test_the_log_names_the_route_and_neither_its_parameters_nor_its_query(
    plain: TestClient, capsys: pytest.CaptureFixture[str]
):
    plain.get("/api/v1/things/N-2026-K7QXM?q=Aldoria")

    line = json.loads(capsys.readouterr().err.splitlines()[-1])
    assert (line["route"], line["status"]) == ("/api/v1/things/{ref}", 200)
    assert "K7QXM" not in json.dumps(line)
    assert "Aldoria" not in json.dumps(line)


def test_head_answers_as_get_does_without_the_body(plain: TestClient):
    answer = plain.head("/api/v1/things/a")

    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["Content-Length"]) > 0


def test_a_wrong_method_is_told_all_that_would_be_right(plain: TestClient):
    answer = plain.delete("/api/v1/things/a")

    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD, POST")
    assert answer.json()["status"] == 405


def test_a_trailing_slash_is_another_address_and_redirects_nowhere(plain: TestClient):
    answer = plain.get("/api/v1/things/a/", follow_redirects=False)

    assert (answer.status_code, answer.json()["title"]) == (404, "Not Found")


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_over_the_limit_is_a_problem_document(plain: TestClient, chunked: bool):
    pieces = (b"x" * 1_000_000 for _ in range(MAX_BODY_SIZE // 1_000_000 + 1))
    body = pieces if chunked else b"".join(pieces)

    answer = plain.post("/api/v1/things/a", content=body, headers={"Content-Type": "application/json"})

    assert (answer.status_code, answer.headers["Content-Type"]) == (413, "application/problem+json")
    assert str(MAX_JSON_SIZE if chunked else MAX_BODY_SIZE) in answer.json()["detail"]


def test_json_is_limited_more_than_a_file(plain: TestClient):
    body = b"[" + b"[]," * (MAX_JSON_SIZE // 3) + b"1]"

    answers = [plain.post(path, content=body) for path in ("/api/v1/things/a", "/api/v1/imports")]

    assert [answer.status_code == 413 for answer in answers] == [True, False]
    assert str(MAX_JSON_SIZE) in answers[0].json()["detail"]


def test_the_body_of_nobody_is_not_read(plain: TestClient):
    del plain.headers["Authorization"]

    answer = plain.post("/api/v1/programmes/bulk", content=b"{" * 9_000_000)

    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_the_browsable_description_asks_no_other_address(plain: TestClient):
    page = plain.get("/docs").text

    assert "http://" not in page
    assert "https://" not in page
    for name in ("swagger-ui.css", "swagger-ui-bundle.js"):
        assert plain.get(f"/static/vendor/swagger/{name}").status_code == 200


def test_a_body_that_does_not_arrive_is_not_waited_for_longer_than_said(settings: Settings):
    app = create_app(settings)
    messages: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        await anyio.sleep_forever()
        raise AssertionError

    async def send(message: Any) -> None:
        messages.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/api/v1/needs",
        "headers": [],
        "query_string": b"",
        "app": app,
    }
    anyio.run(WholeBody(app, max_bytes=10, seconds=0.01), scope, receive, send)

    assert messages[0]["status"] == 408
    assert json.loads(messages[1]["body"])["title"] == "Request Timeout"
    app.state.engine.dispose()


def test_a_body_that_is_no_json_is_told_so_by_line_and_column(plain: TestClient):
    headers = {"Content-Type": "application/json"}

    answer = plain.post("/api/v1/things/a", content=b'{"a": "b",\n  "c" 1}', headers=headers).json()

    assert answer["detail"].startswith("The body is not valid JSON (line 2, column 7)")
    assert "errors" not in answer


def test_a_body_of_another_content_type_is_told_the_right_one(plain: TestClient):
    answer = plain.post("/api/v1/things/a", content=b'{"a": "b"}', headers={"Content-Type": "text/plain"})

    assert answer.status_code == 415
    assert "application/json" in answer.json()["detail"]
