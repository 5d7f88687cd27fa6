"""Whether the rules of a configuration can be made, before it is kept."""

from gatepost_gateway.domain.chain import Unloadable
from gatepost_gateway.policy.kinds.kind import Toolbox
from gatepost_gateway.policy.loading import load_rule
from gatepost_gateway.settings.declared import Document
from gatepost_gateway.settings.problems import ConfigurationError, Problem


def check_chain(document: Document) -> None:
    """Makes every rule once, so that the data plane can: raises ConfigurationError for those that cannot be made."""
    problems: list[Problem] = []
    toolbox = Toolbox()
    for spec in (*document.file.rules, *document.api.rules):
        try:
            load_rule(spec, toolbox)
        except Unloadable as error:
            problems.append(Problem(f"policies.{spec.name}{dotted(error.path)}", error.message))
    if problems:
        raise ConfigurationError(tuple(problems))


def dotted(path: tuple[str | int, ...]) -> str:
    """Where in a rule, as it is said to people: `settings.terms[1]`."""
    return "".join(f".{step}" if isinstance(step, str) else f"[{step}]" for step in path)
