import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from gatepost_gateway.control.records import FoldedRecords
from gatepost_gateway.storage.fold import Folder
from gatepost_gateway.storage.records import Records
from gatepost_gateway.storage.rows import Filters


def test_questions_fold_first(tmp_path: Path) -> None:
    folds: list[str] = []

    class Watched(Folder):
        def fold_to_end(self) -> Any:
            folds.append("fold")

    with Records(tmp_path / "records.db") as records:
        source = FoldedRecords(Watched(tmp_path, records), records)

        async def story() -> None:
            await source.traces(Filters(), 1, None)
            await source.trace("x")
            await source.session("x")
            accounts: Iterable[str] = ["a"]
            assert await source.spent(accounts) == {"a": (0, 0)}

        asyncio.run(story())
    assert folds == ["fold"] * 4
