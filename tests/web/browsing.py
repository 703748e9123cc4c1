"""A real browser against a real server: how it is started, who signs in, and what axe finds."""

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Browser, Page

from app.core.actor import Role

CHROMIUM = os.environ.get("COUNTERPART_CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text(encoding="utf-8")
PASSWORD = "seven grey geese fly"
WIDE, PHONE = 1280, 390
NEEDS_BROWSER = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not Path(CHROMIUM).exists(),
        reason=f"needs a browser: there is no Chromium at {CHROMIUM}; name one in COUNTERPART_CHROMIUM",
    ),
]


class Served(Protocol):
    @property
    def url(self) -> str: ...


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """Serve `app` on a free port with its job thread; give the address."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", access_log=False))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        thread.join(0.05)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


class Visitor:
    """Opens signed-in pages: `visitor(Role.OFFICER, scripts=False)`. Nothing on them moves."""

    def __init__(self, chromium: Browser, served: Served) -> None:
        self.chromium, self.served, self.contexts = chromium, served, []

    def __call__(self, role: Role, scripts: bool = True, width: int = WIDE) -> Page:
        context = self.chromium.new_context(
            base_url=self.served.url,
            java_script_enabled=scripts,
            viewport={"width": width, "height": 900},
            reduced_motion="reduce",
        )
        self.contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.goto("/sign-in")
        page.get_by_label("E-mail address").fill(f"{role}@example.org")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(lambda url: "/sign-in" not in url)
        return page


def violations(page: Page) -> list[Any]:
    """What axe finds: each rule with the elements that break it. Waits until the page's styles are there."""
    page.wait_for_load_state()
    page.evaluate(AXE)
    found = page.evaluate("axe.run().then(result => result.violations)")
    return [(one["id"], [node["html"][:200] for node in one["nodes"][:3]]) for one in found]
