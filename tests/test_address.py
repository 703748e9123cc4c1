"""Links begin with the address that the service is really at."""

from pathlib import Path

import httpx

from tests.operating import PATIENCE, Office


def test_links_name_the_port_that_is_served_where_no_setting_says_otherwise(tmp_path: Path):
    office = Office(tmp_path)
    office.run("init")
    key = office.run("keys", "issue", "--role", "admin").stdout.strip()
    wanted = {"email": "jane@example.org", "role": "officer", "organization": "CTED"}

    with office.server() as server, server.client(key) as client:
        link = client.post("/users", json=wanted).json()["invitation"]["link"]

        assert link.startswith(f"{server.address}/link/")
        assert httpx.get(link, timeout=PATIENCE).status_code == 200
