import json
import resource
import subprocess
import sys

ASK = """
import json, resource, subprocess, sys
from gatepost_gateway.app.process import bound
bound()
own = [resource.getrlimit(resource.RLIMIT_CORE), resource.getrlimit(resource.RLIMIT_NOFILE)]
child = "import resource; print(resource.getrlimit(resource.RLIMIT_CORE))"
print(json.dumps([*own, subprocess.check_output([sys.executable, "-c", child], text=True).strip()]))
"""


def asked(soft, hard):
    def before():
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    return json.loads(subprocess.check_output([sys.executable, "-c", ASK], preexec_fn=before))


def test_no_core_file_and_as_many_open_files_as_may_be():
    core, files, child = asked(256, 512)
    assert core == [0, 0]
    assert files == [512, 512]
    assert child == "(0, 0)"


def test_what_is_enough_is_left_as_it_is():
    assert asked(512, 512)[1] == [512, 512]
