"""docs/operating.md: its blocks run as they stand, and a restored gateway knows what the backup knew."""

import re
import shutil
import subprocess
from collections.abc import Callable

from e2e.running import COMMAND, ROOT, Gateway

PAGE = (ROOT / "docs/operating.md").read_text()
BACKUP, RESTORE = re.findall(r"^```console\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_a_backup_is_restored_as_the_page_says(gateways: Callable[..., Gateway]) -> None:
    gateway = gateways()
    answer = gateway.chat()
    folder = gateway.folder
    (folder / "elsewhere").mkdir()
    shutil.copy(gateway.data / "master.key", folder / "elsewhere/master.key")

    def run(block: str) -> str:
        """The block, with this gateway's places for those of the page."""
        command = re.sub(r"^gatepost\b", COMMAND[0], block, flags=re.MULTILINE)
        for place, here in (("/backups/", folder / "backups"), ("/elsewhere/", folder / "elsewhere")):
            command = command.replace(place, f"{here}/")
        command = command.replace("/var/lib/gatepost", str(gateway.data))
        (folder / "backups").mkdir(exist_ok=True)
        done = subprocess.run(
            ["/bin/sh", "-e", "-c", command], env=gateway.environment(), cwd=folder, capture_output=True, text=True,
            timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run(BACKUP)
    late = gateway.chat()
    gateway.stop()
    shutil.rmtree(gateway.data)
    gateway.data.mkdir()
    assert "error" not in run(RESTORE)
    gateway.start()
    assert gateway.step(answer)["outcome"] == "answered"
    gone = gateway.request("GET", f"/api/v1/traces/{late.headers['x-gatepost-trace-id']}")
    assert gone.status_code == 404
    assert gateway.step(gateway.chat())["outcome"] == "answered"


def test_every_part_of_health_stands_there(gateway: Gateway) -> None:
    for part in (*gateway.get("/health")["parts"], "ledger"):
        assert f"| `{part}` |" in PAGE, part
