import json
import logging

from gatepost_gateway.app.logs import JsonLines


def line_of(**more):
    record = logging.LogRecord("gatepost.edge", logging.ERROR, "file.py", 1, "request failed: %s", ("why",), None)
    for name, value in more.items():
        setattr(record, name, value)
    return json.loads(JsonLines().format(record))


def test_a_line_is_one_json_object_with_what_the_caller_added():
    line = line_of(request_id="r1", client=None)
    assert line["level"] == "error"
    assert line["message"] == "request failed: why"
    assert (line["request_id"], line["client"]) == ("r1", None)
    assert line["time"].endswith("Z")


def test_a_traceback_stays_inside_its_line():
    try:
        raise ValueError("broken")
    except ValueError as error:
        text = JsonLines().format(
            logging.LogRecord("a", logging.ERROR, "f.py", 1, "m", (), (type(error), error, error.__traceback__))
        )
    assert "\n" not in text
    assert "ValueError: broken" in json.loads(text)["error"]
