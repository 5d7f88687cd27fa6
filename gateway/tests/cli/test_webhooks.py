from .commands import Here

URL = "https://hooks.example.com/in"


def test_a_webhook_from_its_making_to_its_end(here: Here) -> None:
    code, out, err = here("webhooks", "create", URL, "--id", "ops", "--event", "key.paused", "--threshold", "90")
    assert (code, out[:6]) == (0, "whsec_")
    assert "webhook ops signs with this secret; it is shown this once" in err
    listed = here("webhooks", "list")[1].splitlines()
    assert listed[1].split() == ["ops", URL, "key.paused", "-", "yes", "api"]
    before = here.json("webhooks", "show", "ops")
    assert out.strip() not in str(before)
    assert here("webhooks", "disable", "ops")[1] == "webhook ops is disabled\n"
    assert here.json("webhooks", "show", "ops") == {**before, "enabled": False}
    assert here("webhooks", "enable", "ops")[1] == "webhook ops is enabled\n"
    assert here.json("webhooks", "show", "ops") == before
    assert here.json("webhooks", "rotate", "ops", "--overlap-seconds", "60")["secret"] != out.strip()
    assert here("webhooks", "delete", "ops")[1] == "webhook ops is deleted\n"
    assert here("webhooks", "test", "ops")[0] == 1


def test_one_that_wants_all_stays_one_that_wants_all(here: Here) -> None:
    assert here("webhooks", "create", URL, "--id", "all")[0] == 0
    assert here("webhooks", "disable", "all")[0] == 0
    assert here.json("webhooks", "enable", "all")["events"] == []
    assert "\nevents                 all\n" in here("webhooks", "show", "all")[1]


def test_deliveries_are_shown(here: Here) -> None:
    assert here("webhooks", "create", URL, "--id", "ops")[0] == 0
    told = here("webhooks", "test", "ops")[1]
    assert told.endswith(" is on its way to webhook ops\n")
    # Nobody hands it on while no gateway runs; it waits where it is stored.
    assert here.json("webhooks", "deliveries", "ops")["items"] == []
    assert here("webhooks", "deliveries", "ops", "--state", "failed")[1].startswith("event id")
    assert here("webhooks", "deliveries", "ops", "--limit", "0")[0] == 1


def test_nonsense_is_refused(here: Here) -> None:
    for words in (("ftp://x",), (URL, "--event", "none.such"), (URL, "--project", "none"), (URL, "--threshold", "101")):
        assert here("webhooks", "create", *words)[0] == 1
