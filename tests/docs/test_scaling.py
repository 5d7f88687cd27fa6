"""What docs/scaling.md shows loads, and names what is shared by which address."""

import re
from pathlib import Path

from gatepost_gateway.settings import load

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/scaling.md").read_text()


def test_the_sample_loads(tmp_path: Path) -> None:
    (sample,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "gatepost.yaml").write_text(sample)
    urls = {"STORE_URL": "postgresql://a/b", "STATE_URL": "postgresql://c/d"}
    server = load(variables=urls, folder=tmp_path).server
    assert server.store_url is not None
    assert server.state_url is not None
    assert (server.store_url.reveal(), server.state_url.reveal()) == tuple(urls.values())
    for name in ("GATEPOST_STORE_URL", "GATEPOST_STATE_URL", "GATEPOST_MASTER_KEY", "GATEPOST_DATA_DIR"):
        assert name in PAGE
