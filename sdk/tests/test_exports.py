"""What the package promises by name."""

import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

import gatepost

ROOT = Path(__file__).parent.parent


def test_the_list_is_sorted_and_equals_what_is_importable():
    assert gatepost.__all__ == sorted(gatepost.__all__)
    found = {name for name in dir(gatepost) if not name.startswith("_")}
    public = {name for name in found if not isinstance(getattr(gatepost, name), ModuleType)}
    assert public - {"TYPE_CHECKING", "Any", "import_module"} == set(gatepost.__all__) - {"__version__"}


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="Nothing"):
        gatepost.Nothing  # noqa: B018


def test_the_version_is_that_of_the_distribution():
    said = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert said is not None
    assert gatepost.__version__ == said[1]


def test_importing_the_package_loads_neither_httpx_nor_pydantic():
    code = "import gatepost, sys; print(sorted({'httpx', 'pydantic', 'asyncio'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_client_loads_what_it_needs():
    unwanted = {
        "asyncio",
        "pydantic",
        "gatepost.results",
        "gatepost.testing",
        "gatepost.wire.simple",
        "gatepost.wire.traces",
        "gatepost._guard",
    }
    code = f"import gatepost, sys; gatepost.Client; print(sorted({unwanted} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_many_threads_may_read_the_first_answers_at_once():
    """Their models are loaded then, by whichever comes first."""
    code = """if True:
        import sys, threading
        import httpx, gatepost
        answer = {"id": "t", "trace_id": "t", "output": "Bonjour", "usage": {"input": 1}}
        transport = httpx.MockTransport(lambda request: httpx.Response(200, json=answer))
        client = gatepost.Client("gp_a_b", transport=transport)
        said, gate = [], threading.Barrier(16)
        def ask():
            gate.wait()
            said.append((client.traces.create().id, client.execute("t", "Hello").usage.input))
        sys.setswitchinterval(1e-6)
        threads = [threading.Thread(target=ask) for _ in range(16)]
        [thread.start() for thread in threads], [thread.join() for thread in threads]
        print(len(said), set(said))
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "16 {('t', 1)}"
    assert done.stderr == ""


def test_one_module_knows_the_http_library():
    named = {
        path.name
        for path in (ROOT / "src").rglob("*.py")
        if re.search(r"^\s*(import|from) httpx", path.read_text(), re.MULTILINE)
    }
    assert named == {"_http.py"}


def test_nothing_of_the_server_and_no_other_dependency_is_imported():
    allowed = {"gatepost", "httpx", "pydantic"} | set(getattr(sys, "stdlib_module_names", ()))
    for path in (ROOT / "src").rglob("*.py"):
        for line in re.findall(r"^(?:import|from) ([a-z_0-9]+)", path.read_text(), re.MULTILINE):
            assert not hasattr(sys, "stdlib_module_names") or line in allowed, f"{path.name} imports {line}"


@pytest.mark.parametrize("path", sorted((ROOT / "src/gatepost").rglob("*.py")), ids=lambda path: path.stem)
def test_every_module_can_be_imported(path):
    inside = path.relative_to(ROOT / "src").with_suffix("")
    name = ".".join(part for part in inside.parts if part != "__init__")
    assert import_module(name).__doc__
