from pathlib import Path

from gatepost_gateway.domain.errors import Code
from gatepost_gateway.storage.faults import Corrupt, Locked, unreadable


def test_the_operator_sees_the_path_and_the_caller_does_not():
    fault = Corrupt("is damaged", Path("/data/journal/000000000001.gpj"), offset=7, hint="restore it")
    assert str(fault) == "`/data/journal/000000000001.gpj` at byte 7 is damaged: restore it"
    assert fault.public == "`000000000001.gpj` at byte 7 is damaged"
    assert (fault.status, fault.code) == (503, Code.RECORDS_UNAVAILABLE)


def test_errors_of_the_system_keep_their_words():
    assert "permission denied" in str(unreadable(PermissionError(13, "Permission denied"), Path("/x")))
    assert "another process" in str(Locked(Path("/x"), None))
