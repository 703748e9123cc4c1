"""The page for what failed: it says what is wrong and shows what was entered, so that nothing is typed twice."""

from urllib.parse import quote

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from app.core.errors import Problem
from app.web.render import Viewer, render

_SECRET = {"token", "form", "password", "again"}
_TITLES = {
    401: "Sign in first",
    403: "This is not yours to do",
    404: "There is nothing here",
    409: "This cannot be done now",
    412: "Somebody else was faster",
    413: "Too large",
    422: "This cannot be accepted",
    429: "Too many attempts",
    500: "Something went wrong",
    503: "Try again in a moment",
}


def show_failure(request: Request, problem: Problem) -> Response:
    """Answer a failed page: to sign-in where nobody is signed in and nothing was entered, else with a page."""
    if problem.status == 401 and request.method in {"GET", "HEAD"}:
        return RedirectResponse(f"/sign-in?next={quote(_asked(request))}", 303)
    answer = render(
        request,
        "error.html",
        problem.status,
        viewer=getattr(request.state, "viewer", Viewer(None, "")),
        title=_TITLES.get(problem.status, problem.title),
        problem=problem,
        entered=_entered(request),
        request_id=getattr(request.state, "request_id", ""),
    )
    answer.headers.update({name: value for name, value in (problem.headers or {}).items() if name != "ETag"})
    return answer


def _asked(request: Request) -> str:
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def _entered(request: Request) -> list[tuple[str, str]]:
    """What was typed into the form, but its token and passwords."""
    form = getattr(request.state, "entered", None)
    pairs = form.multi_items() if form else []
    return [(name, text) for name, text in pairs if name not in _SECRET and isinstance(text, str) and text.strip()]
