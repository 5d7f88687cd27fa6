"""Go's `fmt.Sprintf` for integers, floats and strings.

The rules are those of the documentation of Go's package `fmt`: flags, width, precision,
explicit argument indexes, and the notes it writes into the text for a wrong verb, a missing or
an extra argument.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .floats import format_float
from .quoting import quote, utf8

__all__ = ["Argument", "Tagged", "sprintf"]

_MOST = 1_000_000
_FLAGS = "#0+- "


@dataclass(frozen=True, slots=True)
class Tagged:
    """A string argument whose Go type is not `string`, for the notes on wrong verbs."""

    text: str
    kind: str


Argument = int | float | str | Tagged


@dataclass(slots=True)
class _Spec:
    """One directive: what stands between the percent sign and the verb."""

    flags: str = ""
    width: int | None = None
    precision: int | None = None
    claim: Callable[[int], None] | None = None

    def has(self, flag: str) -> bool:
        return flag in self.flags


class _Printer:
    """Walks a format once, taking arguments as it goes."""

    def __init__(self, text: str, args: Sequence[Argument], claim: Callable[[int], None]) -> None:
        self.text = text
        self.args = args
        self.claim = claim
        self.place = 0
        self.next = 0
        self.reordered = False
        self.good_index = True

    def run(self) -> str:
        done: list[str] = []
        while self.place < len(self.text):
            percent = self.text.find("%", self.place)
            if percent < 0:
                done.append(self.text[self.place :])
                break
            done.append(self.text[self.place : percent])
            self.place = percent + 1
            self._note(done, self._directive())
        if not self.reordered and self.next < len(self.args):
            extra = ", ".join([f"{_kind(arg)}={_plain(arg)}" for arg in self.args[self.next :]])
            self._note(done, f"%!(EXTRA {extra})")
        return "".join(done)

    def _work(self, steps: int) -> None:
        """Count work that makes nothing: sixteen characters are one step."""
        self.claim(16 * steps)

    def _note(self, done: list[str], text: str) -> None:
        self.claim(len(text))
        done.append(text)

    def _directive(self) -> str:
        spec = _Spec(claim=self._work)
        self.good_index = True
        self.reordered_here = False
        start = self.place
        while self.place < len(self.text) and self.text[self.place] in _FLAGS:
            self.place += 1
        spec.flags = self.text[start : self.place]
        self._index()
        bad = self._width(spec) + self._precision(spec)
        if not self.reordered_here:
            self._index()
        if self.place >= len(self.text):
            return bad + "%!(NOVERB)"
        verb = self.text[self.place]
        self.place += 1
        return bad + self._verb(spec, verb)

    def _verb(self, spec: _Spec, verb: str) -> str:
        if verb == "%":
            return "%"
        if not self.good_index:
            return f"%!{verb}(BADINDEX)"
        if self.next >= len(self.args):
            return f"%!{verb}(MISSING)"
        argument = self.args[self.next]
        self.next += 1
        self.claim(max(spec.width or 0, spec.precision or 0))
        return _format(spec, verb, argument)

    def _index(self) -> None:
        """Read an explicit argument index such as `[2]`."""
        if self.text[self.place : self.place + 1] != "[":
            return
        self.reordered = self.reordered_here = True
        end = self.text.find("]", self.place)
        if end < 0:
            self.good_index = False
            self.place += 1
            return
        inside = self.text[self.place + 1 : end]
        self.place = end + 1
        wanted = int(inside) if inside.isascii() and inside.isdigit() and len(inside) < 8 else 0
        if 1 <= wanted <= len(self.args):
            self.next = wanted - 1
        else:
            self.good_index = False

    def _number(self) -> int | None:
        start = self.place
        while self.place < len(self.text) and self.text[self.place] in "0123456789":
            self.place += 1
        if start == self.place:
            return None
        found = int(self.text[start : self.place][:9])
        return found if found <= _MOST else None

    def _star(self) -> int | None:
        self.place += 1
        found = self.args[self.next] if self.next < len(self.args) else None
        if self.next < len(self.args):
            self.next += 1
        self.reordered_here = False
        usable = isinstance(found, int) and abs(found) <= _MOST
        return int(found) if usable else None  # type: ignore[arg-type]

    def _width(self, spec: _Spec) -> str:
        if self.text[self.place : self.place + 1] != "*":
            spec.width = self._number()
            if spec.width is not None and self.reordered_here:
                self.good_index = False
            return ""
        spec.width = self._star()
        if spec.width is None:
            return "%!(BADWIDTH)"
        if spec.width < 0:
            spec.width = -spec.width
            spec.flags += "-"
        return ""

    def _precision(self, spec: _Spec) -> str:
        if self.text[self.place : self.place + 1] != ".":
            return ""
        self.place += 1
        if self.reordered_here:
            self.good_index = False
        self._index()
        if self.text[self.place : self.place + 1] != "*":
            spec.precision = self._number() or 0
            return ""
        spec.precision = self._star()
        if spec.precision is not None and spec.precision < 0:
            spec.precision = None
            return "%!(BADPREC)"
        return "" if spec.precision is not None else "%!(BADPREC)"


def sprintf(text: str, args: Sequence[Argument], claim: Callable[[int], None]) -> str:
    """Format as `fmt.Sprintf`; `claim` is told of every size before it is made."""
    return _Printer(text, args, claim).run()


def _kind(argument: Argument) -> str:
    if isinstance(argument, Tagged):
        return argument.kind
    if isinstance(argument, str):
        return "string"
    if isinstance(argument, float):
        return "float64"
    return "int64" if -(1 << 63) <= argument < 1 << 63 else "*big.Int"


def _plain(argument: Argument) -> str:
    if isinstance(argument, Tagged):
        return argument.text
    if isinstance(argument, str):
        return argument
    return format_float(argument, "g", -1) if isinstance(argument, float) else f"{argument:d}"


def _format(spec: _Spec, verb: str, argument: Argument) -> str:
    if verb == "T":
        return _pad(spec, _kind(argument))
    if isinstance(argument, Tagged):
        found = _string(spec, verb, argument.text)
    elif isinstance(argument, str):
        found = _string(spec, verb, argument)
    elif isinstance(argument, float):
        found = _float(spec, verb, argument)
    elif -(1 << 63) <= argument < 1 << 63:
        found = _integer(spec, verb, argument)
    else:
        found = _big(spec, verb, argument)
    return found if found is not None else f"%!{verb}({_kind(argument)}={_bad(spec, argument)})"


def _bad(spec: _Spec, argument: Argument) -> str:
    """Write an argument of the wrong type, which keeps the directive's flags and width."""
    if isinstance(argument, (str, Tagged)):
        return _string(spec, "v", argument if isinstance(argument, str) else argument.text) or ""
    found = _float(spec, "v", argument) if isinstance(argument, float) else None
    return found or _integer(spec, "d", int(argument)) or ""


def _pad(spec: _Spec, text: str, *, zeros: bool = False) -> str:
    width = spec.width or 0
    if spec.has("-"):
        return text.ljust(width)
    return text.rjust(width, "0" if zeros else " ")


def _string(spec: _Spec, verb: str, text: str) -> str | None:
    zeros = spec.has("0") and not spec.has("-")
    if verb in "xX":
        return _pad(spec, _hex(spec, verb, text), zeros=zeros)
    if verb not in "vsq":
        return None
    if spec.precision is not None:
        text = text[: spec.precision]
    if verb == "v" and spec.has("#"):
        return _pad(spec, quote(text, tick=spec.claim), zeros=zeros)
    if verb == "q":
        if spec.has("#") and _fits_backquotes(text):
            return _pad(spec, f"`{text}`", zeros=zeros)
        return _pad(spec, quote(text, ascii_only=spec.has("+"), tick=spec.claim), zeros=zeros)
    return _pad(spec, text, zeros=zeros)


def _fits_backquotes(text: str) -> bool:
    return not any(
        char in "`\x7f\ufeff" or (char < " " and char != "\t") or "\ud800" <= char <= "\udfff"
        for char in text
    )


def _hex(spec: _Spec, verb: str, text: str) -> str:
    data = utf8(text)
    if spec.precision is not None:
        data = data[: spec.precision]
    found = data.hex(" ") if spec.has(" ") else data.hex()
    found = found.upper() if verb == "X" else found
    if spec.has("#") and found:
        mark = f"0{verb}"
        return mark + (f" {mark}".join(found.split(" ")) if spec.has(" ") else found)
    return found


_BASES = {"v": "d", "d": "d", "b": "b", "o": "o", "O": "o", "x": "x", "X": "X"}
_MARKS = {"b": "0b", "o": "0", "x": "0x", "X": "0X"}


def _integer(spec: _Spec, verb: str, value: int) -> str | None:
    if verb in "cqU":
        return _character(spec, verb, value)
    base = _BASES.get(verb)
    if base is None:
        return None
    sign = _sign(spec, value < 0)
    if spec.precision == 0 and value == 0:
        return " " * (spec.width or 0)
    digits = format(abs(value), base)
    mark = "0o" if verb == "O" else _MARKS.get(verb, "") if spec.has("#") else ""
    if mark == "0" and digits.startswith("0"):
        mark = ""
    if spec.precision is not None:
        digits = digits.rjust(spec.precision - (mark == "0"), "0")
    elif spec.has("0") and not spec.has("-") and spec.width:
        digits = digits.rjust(spec.width - len(sign) - (mark == "0"), "0")
    return _pad(spec, sign + mark + digits)


def _big(spec: _Spec, verb: str, value: int) -> str | None:
    """Format as Go's `big.Int`, which knows fewer verbs and pads a little differently."""
    if verb == "s":
        verb = "d"
    if verb not in _BASES:
        return None
    digits = format(abs(value), _BASES[verb])
    sign = _sign(spec, value < 0)
    mark = "0o" if verb == "O" else _MARKS.get(verb, "") if spec.has("#") else ""
    if spec.precision is not None:
        digits = digits.rjust(spec.precision, "0")
    elif spec.has("0") and not spec.has("-") and spec.width:
        digits = digits.rjust(spec.width - len(sign) - len(mark), "0")
    return _pad(spec, sign + mark + digits)


def _sign(spec: _Spec, negative: bool) -> str:
    if negative:
        return "-"
    return "+" if spec.has("+") else " " if spec.has(" ") else ""


def _character(spec: _Spec, verb: str, value: int) -> str:
    valid = 0 <= value <= 0x10FFFF and not 0xD800 <= value <= 0xDFFF
    char = chr(value) if valid else "\N{REPLACEMENT CHARACTER}"
    zeros = spec.has("0") and not spec.has("-")
    if verb == "c":
        return _pad(spec, char, zeros=zeros)
    if verb == "q":
        return _pad(spec, quote(char, "'", ascii_only=spec.has("+")), zeros=zeros)
    shown = f"U+{value & (1 << 64) - 1:0{max(4, spec.precision or 0)}X}"
    if spec.has("#") and valid and char.isprintable():
        shown += f" '{char}'"
    return _pad(spec, shown)


def _float(spec: _Spec, verb: str, value: float) -> str | None:
    if verb == "v":
        shape, precision = "g", -1
    elif verb in "eEfF":
        shape, precision = verb.replace("F", "f"), 6
    elif verb in "gG":
        shape, precision = verb, -1
    elif verb == "b":
        shape, precision = "b", -1
    else:
        return None
    if spec.precision is not None:
        precision = spec.precision
    text = format_float(value, shape, precision)
    sign = "-" if text[0] == "-" else "+"
    digits = text.lstrip("+-")
    shown = sign if sign == "-" or spec.has("+") else " " if spec.has(" ") else ""
    zeros = spec.has("0") and not spec.has("-") and math.isfinite(value)
    if zeros and spec.width:
        return shown + digits.rjust(spec.width - len(shown), "0")
    return _pad(spec, shown + digits)
