"""What the system may do with the process, and the process with the system: set before anything is opened."""

import resource

MOST_FILES = 1_048_576
"""Where the system sets no bound."""


def bound() -> None:
    """No core file, here and in every child: it would hold each secret in clear. As many open files as may be."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = MOST_FILES if hard == resource.RLIM_INFINITY else hard
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
