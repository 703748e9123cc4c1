"""The description is valid OpenAPI 3.1 that a generator accepts, and the service does what it says."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from jsonschema_rs import Draft202012Validator
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sqlalchemy.orm import Session

from app.access.authentication import SESSION_COOKIE
from app.access.limits import RequestLimit
from app.core.http import NEEDED
from app.core.settings import Settings
from app.main import create_app
from tests.conftest import As

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
NEED = {
    "recipient": {"countries": ["TG"]},
    "title": "Armouries without registers",
    "description": "The police keep rifles in armouries without registers.",
    "source": "state_request",
}
PROGRAMME = {
    "title": "Armoury management",
    "summary": "Trains storekeepers of police armouries.",
    "themes": ["WPN-PSM"],
    "coverage": {"countries": ["TG"]},
}
BOUNDED = settings(
    max_examples=5,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def description(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    app = create_app(Settings(data_dir=tmp_path_factory.mktemp("d"), database_url="sqlite://", _env_file=None))
    app.state.engine.dispose()
    return app.openapi()


def _operations(description: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def test_it_is_openapi_3_1_and_every_reference_leads_somewhere(description: dict[str, Any]):
    names = set(re.findall(r"'\$ref': '#/components/schemas/([^']+)'", repr(description)))

    assert description["openapi"].startswith("3.1")
    assert names <= set(description["components"]["schemas"])
    for name, schema in description["components"]["schemas"].items():
        Draft202012Validator({**schema, "components": description["components"]}), name


def test_every_operation_has_one_tag_a_summary_and_a_name_of_its_own(description: dict[str, Any]):
    operations = dict(_operations(description))

    assert [where for where, o in operations.items() if len(o.get("tags", [])) != 1] == []
    assert [where for where, o in operations.items() if not o.get("summary") or not o.get("description")] == []
    repeated = Counter(o["operationId"] for o in operations.values())
    assert [name for name, count in repeated.items() if count > 1] == []
    assert [name for name in repeated if not re.fullmatch(r"[a-z][a-z0-9_]+", name)] == []


def test_every_operation_declares_its_problems(description: dict[str, Any]):
    for where, operation in _operations(description):
        answers = operation["responses"]
        assert {"401", "403", "422", "429"} <= set(answers), where
        assert "application/problem+json" in answers["422"]["content"], where
        assert "HTTPValidationError" not in repr(answers), where


def test_if_match_is_listed_where_it_is_honoured_and_428_where_it_is_needed(description: dict[str, Any]):
    listed = {
        where: next(one["description"] for one in operation["parameters"] if one["name"].lower() == "if-match")
        for where, operation in _operations(description)
        if any(one["name"].lower() == "if-match" for one in operation.get("parameters", ()))
    }
    needed = {where for where, operation in _operations(description) if "428" in operation["responses"]}

    assert needed == {where for where, said in listed.items() if said == NEEDED}
    assert {where for where in listed if where.startswith("PATCH")} == {
        where for where, _ in _operations(description) if where.startswith("PATCH")
    }
    api = "/api/v1"
    assert f"POST {api}/pairings/{{pairing_id}}/decisions" in needed
    assert f"POST {api}/programmes" in set(listed) - needed
    assert listed.keys().isdisjoint(
        {
            f"POST {api}/needs",
            f"POST {api}/imports",
            f"POST {api}/match-runs",
            f"DELETE {api}/needs/{{ref}}/releases/{{release_id}}",
        }
    )


def test_what_needs_if_match_answers_428_without(officer: As, known: dict[str, str]):
    for kind in ("needs", "programmes", "assessments"):
        assert officer.patch(f"/api/v1/{kind}/{known[kind]}", json={}).status_code == 428


def test_every_api_route_is_described(app: FastAPI, description: dict[str, Any]):
    served = {
        f"{method} {route.path_format}"
        for route in iter_route_contexts(app.routes)
        for method in route.methods or ()
        if (route.path or "").startswith(("/api/", "/exports/", "/feeds/"))
    }

    assert served == {where for where, _ in _operations(description)}


@pytest.fixture
def known(session: Session, officer: As, partner: As) -> dict[str, str]:
    """A record of each kind that addresses name by its reference, so that half of the calls find one."""
    answers = {
        "needs": officer.post("/api/v1/needs", json=NEED),
        "programmes": partner.post("/api/v1/programmes", json=PROGRAMME),
        "assessments": officer.post("/api/v1/assessments", json={"kind": "focused", "states": ["TG"]}),
    }
    assert {answer.status_code for answer in answers.values()} == {201}, [a.text for a in answers.values()]
    return {kind: answer.json()["ref"] for kind, answer in answers.items()} | {"organizations": "PARTNER"}


@pytest.mark.parametrize(
    ("who", "mode"),
    [
        ("admin", GenerationMode.POSITIVE),
        ("admin", GenerationMode.NEGATIVE),
        ("partner", GenerationMode.POSITIVE),
    ],
)
def test_whatever_is_sent_nothing_breaks_and_answers_are_as_described(
    app: FastAPI, request: pytest.FixtureRequest, known: dict[str, str], who: str, mode: GenerationMode
):
    """Send what the description allows, then what it forbids, as somebody who is signed in."""
    caller: As = request.getfixturevalue(who)
    app.state.request_limit = RequestLimit(0)
    schema = schemathesis.openapi.from_asgi("/openapi.json", app)
    asked = Asked(known, {SESSION_COOKIE: caller.client.cookies[SESSION_COOKIE]})

    failures = [
        failure for operation in schema.get_all_operations() if (failure := _failure(operation.ok(), mode, asked))
    ]

    assert not failures, "\n\n".join(failures)
    assert asked.answered >= {200, 404, 422}


@dataclass
class Asked:
    """How calls are made, and what they were answered with."""

    known: dict[str, str]
    cookies: dict[str, str]
    answered: set[int] = field(default_factory=set)
    calls: int = 0

    def send(self, case: schemathesis.Case) -> None:
        case.headers.pop("Authorization", None)  # a made-up key would be refused before anything else
        self.calls += 1
        kind = case.operation.path.removeprefix("/api/v1/").split("/")[0]
        if self.calls % 2 and kind in self.known:
            for name in case.path_parameters.keys() & {"ref", "assessment_id"}:
                case.path_parameters[name] = self.known[kind]
            case.headers["If-Match"] = "*"
        answer = case.call(cookies=self.cookies)
        self.answered.add(answer.status_code)
        case.validate_response(answer, checks=CHECKS)


def _failure(operation: Any, mode: GenerationMode, asked: Asked) -> str | None:
    @given(case=operation.as_strategy(generation_mode=mode))
    @BOUNDED
    def send(case: schemathesis.Case) -> None:
        asked.send(case)

    try:
        send()
    except Unsatisfiable:  # nothing can be wrong with a call that takes nothing
        return None
    except Exception as error:
        return f"{operation.label}: {error}"
    return None
