"""Every sample of the five pages, by its place; and the lines that look like code and are none of ours to run."""

import re
from pathlib import Path

from reference.pages import Sample

SDK = "*-python-sdk.txt"
PROVIDERS = "*-model-providers.txt"
SIMPLE = "*-client.txt"
PASSING = "k*-openai-python.txt"
PROXY = "x*-openai-python.txt"
PAGES = (SDK, PROVIDERS, SIMPLE, PASSING, PROXY)

PYTHON, JSON, CURL = "Python", "JSON", "curl"

SAMPLES = (
    Sample(SDK, 24, 32, PYTHON, "a client from `configure`"),
    Sample(SDK, 41, 48, PYTHON, "a trace and a governed call"),
    Sample(SDK, 52, 62, PYTHON, "what a result has"),
    Sample(SDK, 81, 87, PYTHON, "a block is a result"),
    Sample(SDK, 93, 125, PYTHON, "the tool loop"),
    Sample(SDK, 131, 152, PYTHON, "a service object with MCP tools"),
    Sample(SDK, 156, 162, PYTHON, "FastAPI: one client on the application"),
    Sample(SDK, 168, 182, PYTHON, "several steps, revenue, sealing"),
    Sample(SDK, 186, 194, PYTHON, "vectors"),
    Sample(SDK, 203, 215, PYTHON, "metadata for analytics"),
    Sample(SDK, 223, 239, PYTHON, "failing open"),
    Sample(SDK, 245, 253, PYTHON, "a test project"),
    Sample(SDK, 261, 263, PYTHON, "a simulation"),
    Sample(SDK, 267, 269, PYTHON, "a check"),
    Sample(SDK, 275, 278, PYTHON, "offline"),
    Sample(SDK, 298, 310, PYTHON, "the error branches"),
    Sample(SDK, 320, 329, PYTHON, "a client of the agent, and `ping`"),
    Sample(SDK, 345, 352, PYTHON, "the SDK pointed at the agent"),
    Sample(SDK, 405, 409, PYTHON, "a tighter timeout"),
    Sample(SDK, 413, 414, CURL, "whether the agent is up"),
    Sample(SDK, 418, 425, PYTHON, "FastAPI: a check at the start"),
    Sample(SDK, 429, 433, PYTHON, "Django: a check at the start"),
    Sample(SDK, 439, 447, PYTHON, "OpenAI's client through the agent"),
    Sample(SDK, 451, 460, PYTHON, "OpenAI's client with a private CA"),
    Sample(PROVIDERS, 41, 50, JSON, "an OpenAI-compatible entry"),
    Sample(PROVIDERS, 59, 68, JSON, "an Anthropic entry"),
    Sample(PROVIDERS, 74, 83, JSON, "a Gemini entry"),
    Sample(PROVIDERS, 95, 107, JSON, "a Bedrock entry"),
    Sample(PROVIDERS, 132, 141, JSON, "an Azure entry"),
    Sample(PROVIDERS, 151, 161, JSON, "an entry of a server of one's own"),
    Sample(PROVIDERS, 196, 204, PYTHON, "a trace through the new entry", clip=("model);", "model)")),
    Sample(SIMPLE, 9, 21, PYTHON, "sign up, bring a key, ask", {12: 1}),
    Sample(SIMPLE, 24, 24, PYTHON, "a text as the whole conversation"),
    Sample(SIMPLE, 30, 34, PYTHON, "streams: text, and pieces", {31: 1, 34: 1}),
    Sample(
        SIMPLE, 39, 54, PYTHON, "the asynchronous client, its stream and errors",
        {42: 1, 43: 2, 44: 3, 49: 4, 50: 2, 51: 3, 52: 2, 53: 3},
    ),
    Sample(SIMPLE, 78, 80, PYTHON, "retries"),
    Sample(SIMPLE, 85, 94, PYTHON, "OpenAI's client with both key headers"),
    Sample(SIMPLE, 98, 113, PYTHON, "models and metrics", {100: 1, 101: 2, 102: 1, 103: 2, 111: 1, 113: 1}),
    Sample(SIMPLE, 117, 118, PYTHON, "another key"),
    Sample(SIMPLE, 120, 121, PYTHON, "whose key, and how the gateway is"),
    Sample(PASSING, 44, 49, PYTHON, "OpenAI's client, its key passed on"),
    Sample(PASSING, 55, 63, PYTHON, "the address from the environment"),
    Sample(PASSING, 71, 78, PYTHON, "headers for the records"),
    Sample(PASSING, 84, 94, PYTHON, "a stream", {91: 1, 92: 1, 93: 2}),
    Sample(PASSING, 100, 112, PYTHON, "a stream, collected", {108: 1, 109: 1, 110: 2}),
    Sample(PASSING, 118, 142, PYTHON, "three calls at once", {127: 1, 131: 1, 134: 1, 139: 1, 140: 2}),
    Sample(PASSING, 150, 178, PYTHON, "functions", {176: 1, 177: 2, 178: 2}),
    Sample(
        PASSING, 186, 200, PYTHON, "a block is a 409",
        {189: 1, 193: 1, 195: 1, 196: 2, 197: 2, 198: 2, 199: 2, 200: 1},
    ),
    Sample(PASSING, 204, 211, JSON, "the envelope of a block"),
    Sample(
        PASSING, 215, 229, PYTHON, "a retry loop",
        {219: 1, 220: 2, 221: 3, 225: 2, 226: 3, 227: 3, 228: 3, 229: 1},
    ),
    Sample(PASSING, 235, 245, PYTHON, "two providers from one client"),
    Sample(PROXY, 14, 26, PYTHON, "OpenAI's client behind a proxy"),
    Sample(PROXY, 31, 37, PYTHON, "a stream"),
    Sample(PROXY, 42, 63, PYTHON, "tools"),
    Sample(PROXY, 69, 75, PYTHON, "a session of one's own"),
    Sample(PROXY, 81, 90, PYTHON, "properties of a trace"),
    Sample(PROXY, 95, 104, PYTHON, "a block is a 403"),
    Sample(PROXY, 109, 127, PYTHON, "the ids in the headers"),
)  # fmt: skip

PASSED_OVER = {
    SDK: ((11, 18), (335, 339), (360, 376), (391, 397)),
    PROVIDERS: ((188, 195), (204, 211)),
    SIMPLE: ((6, 6), (77, 77)),
    PASSING: ((39, 43),),
    PROXY: ((11, 13),),
}
"""Commands of package managers, shells and Docker, YAML of Kubernetes, other languages, a sentence with an `=`."""


def of(page: str, first: int) -> Sample:
    """The sample of a page that begins on a line."""
    (found,) = (one for one in SAMPLES if one.page == page and one.first == first)
    return found


LABELS = {
    SDK: "governed calls",
    PROVIDERS: "model providers",
    SIMPLE: "simple calls",
    PASSING: "OpenAI's client, its key passed on",
    PROXY: "OpenAI's client behind a proxy",
}
TESTS = {
    SDK: "test_governed_calls.py",
    PROVIDERS: "test_model_providers.py",
    SIMPLE: "test_simple_calls.py",
    PASSING: "test_passing_on.py",
    PROXY: "test_behind_a_proxy.py",
}

_HEAD = """# Samples of earlier clients

Gatepost runs what was written for the gateways before it. The Python, curl and JSON samples of five of their client
pages are tests here (`tests/reference/`): each is read from its page when the tests run, the product's name, the
prefixes of its headers and variables, its addresses and the places of its keys are replaced, and it runs against a
gateway process with a provider that answers. The pages are found beside the recorded traffic (`GATEPOST_FIXTURES`);
without them these tests skip, and under `CI=true` they fail.

A test holds this table to the list that the tests run, and another finds every line of code on the pages in it.
"""


def page() -> str:
    """docs/reference-pages.md."""
    text = _HEAD
    for pattern in PAGES:
        text += f"\n## {LABELS[pattern].capitalize()}\n\nTests: `tests/reference/{TESTS[pattern]}`\n\n"
        text += "| lines | kind | shows | run by |\n|---|---|---|---|\n"
        tests = tests_by_line(pattern)
        for one in SAMPLES:
            if one.page == pattern:
                text += f"| {one.first}-{one.last} | {one.kind} | {one.shows} | `{tests.get(one.first, '')}` |\n"
    return text


def tests_by_line(pattern: str) -> dict[int, str]:
    """The test that runs each sample of a page, by the line on which it begins."""
    found: dict[int, str] = {}
    name = ""
    for line in (Path(__file__).parent / TESTS[pattern]).read_text().splitlines():
        if said := re.match(r"def (test_\w+)", line):
            name = said[1]
        for first in re.findall(r"\bperform\((\d+)|\btext\((\d+)", line):
            number = int(first[0] or first[1])
            assert found.setdefault(number, name) == name, f"two tests run the sample at line {number}"
    return found


if __name__ == "__main__":
    (Path(__file__).parents[2] / "docs/reference-pages.md").write_text(page())
