"""What is wrong with a configuration: every mistake, each with its place."""

from msgspec import Struct

from gatepost_gateway.domain.errors import CallerError, Code

Path = tuple[str | int, ...]


class Mark(Struct, frozen=True):
    """A place in a text, counted from one as editors do."""

    line: int
    column: int


class Problem(Struct, frozen=True):
    """One mistake. `where` is `file:line:column`, or the path of a field where there is no file."""

    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"


class ConfigurationError(CallerError):
    """All mistakes of a document; nothing of it was applied."""

    status = 422
    default_code = Code.VALIDATION_FAILED

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        count = len(problems)
        super().__init__(f"{count} mistake{'s' if count > 1 else ''} found; nothing was changed")
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)
