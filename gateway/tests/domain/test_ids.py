import os
import time
from uuid import UUID

import pytest

from gatepost_gateway.domain import ids


def test_ids_are_version_7_unique_and_sorted_by_the_millisecond():
    made = [ids.new() for _ in range(5000)]
    assert len(set(made)) == len(made)
    assert all(
        ids.is_uuid(one) and UUID(one).version == 7 and UUID(one).variant == "specified in RFC 4122" for one in made
    )
    stamps = [one[:13] for one in made]
    assert stamps == sorted(stamps)


def test_an_id_carries_the_time_of_its_making():
    before = time.time_ns() // 1_000_000
    stamp = int(ids.new().replace("-", "")[:12], 16)
    assert before <= stamp <= time.time_ns() // 1_000_000


def test_a_forked_process_does_not_repeat_its_parents_ids():
    ids.new()
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(write, ids.new().encode())
        os._exit(0)
    os.waitpid(child, 0)
    theirs = os.read(read, 100).decode()
    os.close(read)
    os.close(write)
    assert ids.new()[14:] != theirs[14:]


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("0190163d-8694-739b-aea5-966c26f8ad91", True),
        ("0190163D-8694-739B-AEA5-966C26F8AD91", True),
        ("0190163d8694739baea5966c26f8ad91", False),
        ("0190163d-8694-739b-aea5-966c26f8ad91\n", False),
        ("", False),
        ("g190163d-8694-739b-aea5-966c26f8ad91", False),
    ],
)
def test_only_the_usual_text_form_is_a_uuid(text, is_one):
    assert ids.is_uuid(text) is is_one
