"""Collapsed stacks become flat lists."""

from bench.sampling import flatten, listing

STACKS = """main (/a/b/serve.py:3);run (loop.py:10);write (sock.py:5) 6
main (serve.py:3);run (loop.py:11);read (sock.py:9) 3
main (serve.py:4);main (serve.py:5) 1
not a line
"""


def test_functions_are_counted_whatever_the_line() -> None:
    flat = flatten(STACKS)
    assert flat.total == 10
    assert flat.own == {"write (sock.py)": 6, "read (sock.py)": 3, "main (serve.py)": 1}
    assert flat.under["main (serve.py)"] == 10
    assert flat.under["run (loop.py)"] == 9


def test_the_list_has_shares() -> None:
    text = listing("plain", flatten(STACKS))
    assert " 60.0%  60.0%  write (sock.py)" in text
    assert "no samples" in listing("plain", flatten(""))
