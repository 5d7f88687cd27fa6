"""How likely each token was: OpenAI's way to tell it, which is the canonical one, and Gemini's.

Source: OpenAI's API reference, `logprobs.content` of a chat completion and `logprobs` of an `output_text`; Gemini API
reference, `LogprobsResult` (`chosenCandidates`, `topCandidates`).
"""

from typing import Any, cast

from gatepost_gateway.dialects.members import as_list, as_number, as_object, as_text

INCLUDE = "message.output_text.logprobs"
"""The word by which a request for a response asks for them."""


def read_tokens(said: Any) -> list[dict[str, Any]] | None:
    """A list of tokens; None for none, and for what tells them in another way."""
    listed = cast("list[Any]", said) if isinstance(said, list) else []
    tokens = [cast("dict[str, Any]", one) for one in listed if isinstance(one, dict) and "token" in one]
    return tokens if tokens and len(tokens) == len(listed) else None


def read_content(said: Any) -> list[dict[str, Any]] | None:
    """`logprobs` of a chat's choice, where it tells of the text and of nothing else."""
    members = cast("dict[str, Any]", said) if isinstance(said, dict) else {}
    others = [name for name, value in members.items() if name != "content" and value]
    return None if others else read_tokens(members.get("content"))


def read_result(said: Any) -> list[dict[str, Any]] | None:
    """`logprobsResult` of a candidate. Raises Malformed."""
    if not said:
        return None
    result = as_object(said, "logprobsResult")
    chosen = [as_object(one, "chosenCandidates") for one in as_list(result.get("chosenCandidates"), "chosenCandidates")]
    top = [as_object(one, "topCandidates") for one in as_list(result.get("topCandidates"), "topCandidates")]
    found: list[dict[str, Any]] = []
    for place, one in enumerate(chosen):
        others = as_list(top[place].get("candidates"), "candidates") if place < len(top) else []
        found.append(_token(one) | {"top_logprobs": [_token(as_object(other, "candidates")) for other in others]})
    return found or None


def _token(said: dict[str, Any]) -> dict[str, Any]:
    token = as_text(said.get("token"), "token")
    odds = as_number(said.get("logProbability"), "logProbability")
    return {"token": token, "logprob": odds or 0.0, "bytes": list(token.encode("utf-8", "replace"))}


def write_result(tokens: list[dict[str, Any]]) -> dict[str, Any]:
    """`logprobsResult`."""
    said: dict[str, Any] = {"chosenCandidates": [_candidate(one) for one in tokens]}
    top = [[_candidate(other) for other in read_tokens(one.get("top_logprobs")) or ()] for one in tokens]
    if any(top):
        said["topCandidates"] = [{"candidates": others} for others in top]
    return said


def _candidate(token: dict[str, Any]) -> dict[str, Any]:
    return {"token": token["token"], "logProbability": token.get("logprob")}
