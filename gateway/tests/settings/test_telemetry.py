from pathlib import Path
from typing import Any

import pytest

from gatepost_gateway.settings import ConfigurationError, load

ENDPOINT = "endpoint: 'http://127.0.0.1:4318'"


def settings(folder: Path, text: str, **variables: str) -> Any:
    (folder / "gatepost.yaml").write_text(f"server: {{telemetry: {{{text}}}}}")
    return load(variables=variables, folder=folder).server.telemetry


def test_where_telemetry_goes(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from a file\n")
    said = settings(
        tmp_path,
        f"{ENDPOINT}, headers: {{Api-Key: {{env: OTEL_KEY}}, X-B: {{file: key}}}}, sample: 0.5, metrics: false",
        OTEL_KEY="k",
    )
    assert (said.endpoint, said.traces, said.metrics, said.sample) == ("http://127.0.0.1:4318", True, False, 0.5)
    assert {name: secret.reveal() for name, secret in said.headers.items()} == {"Api-Key": "k", "X-B": "from a file"}
    assert load(variables={}, folder=tmp_path / "none").server.telemetry is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"{ENDPOINT}, headers: {{A: {{env: NOPE}}}}", "`NOPE`, which is not set"),
        (f"{ENDPOINT}, headers: {{A: {{file: nope}}}}", "cannot be read"),
        (f"{ENDPOINT}, headers: {{'a b': {{env: A}}}}", "the name of a header"),
        (f"{ENDPOINT}, headers: {{A: literal}}", "must name where the secret is kept"),
        ("endpoint: 'grpc://x'", "http"),
        ("traces: true", "endpoint"),
        (f"{ENDPOINT}, sample: 2", "at most 1"),
        (f"{ENDPOINT}, endpoit: x", "did you mean"),
    ],
)
def test_mistakes(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        settings(tmp_path, text)
    assert words in str(caught.value)
    assert "gatepost.yaml:1" in str(caught.value)
