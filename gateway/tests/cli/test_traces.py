from .commands import Here


def test_traces_of_an_empty_house(here: Here) -> None:
    here("apply", "-f", "file.yaml")
    assert here.json("traces", "--limit", "5") == {"items": [], "next_cursor": None}
    assert here("traces", "--outcome", "fine")[0] == 1
    assert here("traces", "none")[0] == 1
    assert here("explain", "none")[0] == 1
