"""Every rate limit that is in force, in the order in which a call looks at them."""

import asyncio
from pathlib import Path
from typing import Any

from .house import RUNTIME, ask, make

FILE = """
projects: [{id: default, rate_limits: {rpm: 600, max_parallel_requests: 8}}, {id: other}]
proxies: [{id: bot, rate_limits: {tpm: 9}}, {id: free}]
rate_limits: {global: {rpm: 6000}, per_ip: {rpm: 60}, per_user: {tpm: 5000}}
limits:
  - {id: guest, scope: user, match: guest, project: other, rpm: 5}
  - {id: office, scope: ip, match: "2001:db8::7", max_parallel_requests: 3}
  - {id: teams, scope: "metadata:team", rpm: 20}
"""


def test_all_limits_are_listed_with_their_owner(tmp_path: Path) -> None:
    async def story(plane: Any) -> None:
        body = {"id": "mine", "project": "other", "rate_limits": {"rpm": 1}}
        assert (await ask(plane, "POST", "/api/v1/proxies", body)).status == 201
        items = (await ask(plane, "GET", "/api/v1/limits")).json["items"]
        assert [(one["id"], one["scope"], one["match"], one["project"], one["managed_by"]) for one in items] == [
            ("proxy:bot", "proxy", "bot", None, "file"),
            ("proxy:mine", "proxy", "mine", None, "api"),
            ("project:default", "project", "default", None, "file"),
            ("office", "ip", "2001:db8::/64", None, "file"),
            ("per_ip", "ip", None, None, "file"),
            ("guest", "user", "guest", "other", "file"),
            ("per_user", "user", None, None, "file"),
            ("teams", "metadata:team", None, None, "file"),
            ("global", "global", None, None, "file"),
        ]
        assert items[2]["rate_limits"] == {"rpm": 600, "tpm": None, "max_parallel_requests": 8}
        shown = (await ask(plane, "GET", "/api/v1/projects/default")).json
        assert shown["rate_limits"] == items[2]["rate_limits"]
        assert (await ask(plane, "GET", "/api/v1/limits", key=RUNTIME)).status == 403

    async def go() -> None:
        plane = make(tmp_path, FILE)
        try:
            await story(plane)
        finally:
            plane.close()

    asyncio.run(go())
