import os
import socket
import subprocess
import sys


def test_it_ends_when_nobody_is_at_the_other_end(tmp_path):
    ours, theirs = socket.socketpair()
    with theirs:
        command = [sys.executable, "-m", "gatepost_gateway.app.control", "--fd", str(theirs.fileno())]
        environment = {**os.environ, "GATEPOST_DATA_DIR": str(tmp_path / "data")}
        child = subprocess.Popen(
            command, cwd=tmp_path, env=environment, pass_fds=[theirs.fileno()], stderr=subprocess.PIPE
        )
    ours.close()
    assert child.communicate(timeout=60) == (None, b"")
    assert child.returncode == 0
    assert (tmp_path / "data" / "config.db").exists()


def test_a_start_loads_nothing_that_was_not_asked_for():
    """Neither process: a database's driver, the language of policies, tool servers, telemetry, phone numbers."""
    words = "import sys, gatepost_gateway.cli.serve, gatepost_gateway.app.controlplane; print(*sys.modules)"
    loaded = subprocess.check_output([sys.executable, "-c", words], text=True).split()
    assert "gatepost_gateway.policy.rego.register" in loaded
    assert not {"asyncpg", "gatepost_rego", "mcp", "opentelemetry", "phonenumbers", "stdnum"}.intersection(loaded)
