import copy
import json
import pickle

import msgspec
import pytest

from gatepost_gateway.domain.secret import Secret, digest, same

TEXT = "sk-very-secret"


@pytest.mark.parametrize("show", [repr, str, ascii, "{}".format, "{!r:>30}".format, "%s".__mod__, "{:>30}".format])
def test_a_secret_does_not_print(show):
    assert TEXT not in show(Secret(TEXT))


@pytest.mark.parametrize(
    "keep",
    [
        pickle.dumps,
        json.dumps,
        msgspec.json.encode,
        msgspec.msgpack.encode,
        copy.copy,
        copy.deepcopy,
        msgspec.to_builtins,
    ],
)
def test_a_secret_is_not_serialised(keep):
    with pytest.raises(TypeError):
        keep(Secret(TEXT))


def test_a_secret_has_no_attributes_to_dump():
    assert not hasattr(Secret(TEXT), "__dict__")
    assert TEXT not in repr([Secret(TEXT)]) + repr({"key": Secret(TEXT)})
    assert Secret(TEXT).reveal() == TEXT


def test_a_digest_proves_a_key():
    assert same(digest("a"), digest("a"))
    assert not same(digest("a"), digest("b"))
    assert len(digest("")) == 32
