"""docs/detectors.md names every kind."""

from pathlib import Path

from gatepost_gateway.detect import injection, pii, secrets

PAGE = (Path(__file__).resolve().parents[3] / "docs/detectors.md").read_text()


def test_every_kind_is_named():
    kinds = {*pii.KINDS, *secrets.KINDS, *(sign.kind for sign in injection.injection()._signs)}
    assert not [kind for kind in kinds if f"`{kind}`" not in PAGE]
