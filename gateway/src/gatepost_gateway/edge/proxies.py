"""The paths of proxies: `/a/{proxy}/openai/v1/...`, `/a/{proxy}/anthropic/v1/...`, and `/{proxy}/v1/...` for both.

Behind the proxy's part stands the path of a surface, and the surface answers. What is not listed here is refused: an
agent gets no files, no batches and no pictures.
"""

from collections.abc import Mapping

from gatepost_gateway.domain.errors import CallerError, Code
from gatepost_gateway.edge.http import Request

_OPENAI = frozenset({"/v1/chat/completions", "/v1/responses", "/v1/completions", "/v1/embeddings", "/v1/models"})
_ANTHROPIC = frozenset({"/v1/messages", "/v1/messages/count_tokens"})
_MODEL = "/v1/models/"
_FORMATS: Mapping[str, frozenset[str]] = {"openai": _OPENAI, "anthropic": _ANTHROPIC}
PREFIX = "/a/"


def unwrap(request: Request) -> None:
    """Takes the proxy off a path that begins with PREFIX. Raises CallerError (404) for what a proxy does not serve."""
    _, _, proxy, *rest = request.path.split("/", 4)
    if len(rest) < 2 or not proxy or rest[0] not in _FORMATS:
        raise _nothing(request.path)
    _serve(request, proxy, "/" + rest[1], _FORMATS[rest[0]])


def alias_of(path: str) -> str | None:
    """The proxy that `/{proxy}/v1/...` would name."""
    parts = path.split("/", 3)
    return parts[1] if len(parts) == 4 and parts[2] == "v1" and parts[1] else None


def unwrap_alias(request: Request, proxy: str) -> None:
    """The same for `/{proxy}/v1/...`."""
    _serve(request, proxy, request.path.removeprefix(f"/{proxy}"), _OPENAI | _ANTHROPIC)


def _serve(request: Request, proxy: str, path: str, known: frozenset[str]) -> None:
    whole, request.path, request.proxy = request.path, path, proxy
    if path not in known and not (path.startswith(_MODEL) and _MODEL[:-1] in known):
        # The path says in which dress an error goes out.
        request.path = "/v1/messages" if known is _ANTHROPIC else "/v1/"
        raise _nothing(whole)


def _nothing(path: str) -> CallerError:
    return CallerError(f"a proxy serves nothing at {path[:200]}: see /openapi.json", code=Code.NOT_FOUND, status=404)
