"""Ciphers that people play with: shifted letters, words backwards or upside down, Morse, numbers for characters, words
broken, glued together or in Pig Latin.
"""

import codecs
import re

_TELLTALES = ("ignore", "previous", "instruct", "disregard", "password", "prompt")
"""Words of attacks, long enough that shifted or backwards they are no words."""
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def shifted(text: str, by: int) -> str:
    """Every Latin letter so many places back in the alphabet."""
    moved = _LETTERS[-by:] + _LETTERS[:-by]
    return text.translate(str.maketrans(_LETTERS + _LETTERS.upper(), moved + moved.upper()))


_SHIFTS = {shifted(word, -by % 26): by for word in _TELLTALES for by in range(1, 26) if by != 13}
SHIFTED = r"\b(?:" + "|".join(_SHIFTS) + ")"
"""RE2's syntax, over lower case: a telltale word, shifted."""
_SHIFTED = re.compile(SHIFTED)
ROTATED = r"rot-?13|\b(?:" + "|".join(codecs.encode(word, "rot13") for word in _TELLTALES) + ")"
BACKWARDS = "(?:" + "|".join(word[::-1] for word in _TELLTALES) + r")\b"
MORSE = r"(?:[.-]{1,5}[ /]{1,3}){8}[.-]"
NUMBERS = r"(?:\b\d{2,3}[ ,;]{1,2}){10}\d{2}"
BROKEN = r"\b\pL[-_]{1,4}\pL{2}|\pL{2}[-_]{1,4} ?\pL\b|\b\pL(?:[-_.*]\pL){2}"
GLUED = r"[a-z][_.*+|~]+[a-z]+[_.*+|~]+[a-z]+[_.*+|~]+[a-z]|[a-z]\*+ \*+[a-z]"
PIG = r"(?:[a-z]+ay[ ,.?!]+){3}"
ATBASH = r"\b(?:" + "|".join("".join(chr(219 - ord(mark)) for mark in word) for word in _TELLTALES) + ")"

_CODES = ".- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- -..- -.-- --.."
_MORSE = {code: _LETTERS[place] for place, code in enumerate(_CODES.split(" "))}
MORSE_RUN = re.compile(r"(?:[.-]{1,5}[ /]{1,3}){8,5000}[.-]{1,5}")
NUMBER_RUN = re.compile(r"(?:\b\d{2,3}[ ,;]{1,2}){10,5000}\d{2,3}\b")
_BREAK = re.compile(r"(?<=[^\W\d_])(?:[-_]{1,6} ?|[.*](?=[^\W\d_](?:[.*\s]|$)))(?=[^\W\d_])")
_GLUE = re.compile(r"(?<=[^\W_])[_.*+|~/]{1,6}(?=[^\W_])|\*+")
_HUMP = re.compile("(?<=[a-z])(?=[A-Z])")
_PIG_WORD = re.compile(r"\b([a-z]*?)([^\Waeiou_\d]{0,4})ay\b")
_LONG = 4
_PIG_WORDS = re.compile(r"(?:\b\w{1,14}ay\b\W{1,3}){3}\w{1,14}ay\b")
_UPSIDE_DOWN = str.maketrans("ɐqɔpǝɟƃɥᴉɾʞlɯuodbɹsʇnʌʍxʎz", "abcdefghijklmnopqrstuvwxyz")
_STANDING = re.compile("[ɐɔǝɟɥʇʌʍʎɹɯᴉ]")


def unshifted(text: str) -> str:
    """By as much as the first telltale word is shifted."""
    found = _SHIFTED.search(text.lower())
    return shifted(text, _SHIFTS[found.group()]) if found else ""


def tells(text: str) -> bool:
    """Two telltale words or more: whoever hides these means them."""
    low = text.lower()
    return sum(word in low for word in _TELLTALES) > 1


def from_morse(run: str) -> str:
    words = run.replace("/", "   ").split("   ")
    return " ".join("".join(_MORSE.get(code, "") for code in word.split()) for word in words).strip()


def from_numbers(run: str) -> str:
    """Code points of ASCII, in decimal."""
    points = [int(number) for number in re.findall(r"\d+", run)]
    return "".join(map(chr, points)) if all(32 <= point < 127 for point in points) else ""


def mended(text: str) -> str:
    """Without the hyphens in the middle of words."""
    return _BREAK.sub("", text)


def unglued(text: str) -> str:
    """With blanks where words end otherwise: `like_this`, `likeThis`, `*like* *this*`."""
    return _HUMP.sub(" ", _GLUE.sub(" ", text))


def atbash(text: str) -> str:
    return text.translate(str.maketrans(_LETTERS + _LETTERS.upper(), _LETTERS[::-1] + _LETTERS[::-1].upper()))


def from_pig_latin(text: str) -> str:
    """Empty where there are not four such words in a row."""
    low = text.lower()
    return _PIG_WORD.sub(_from_pig, low) if _PIG_WORDS.search(low) else ""


def _from_pig(word: re.Match[str]) -> str:
    """Where several words come out alike, the likelier: `way` stands for nothing behind what begins with a vowel."""
    stem, moved = word.groups()
    own_w = moved in ("sw", "tw", "dw") or (moved == "w" and len(stem) < _LONG)
    if not stem or (moved.endswith("w") and not own_w):
        return stem + moved[:-1]
    return moved + stem


def upright(text: str) -> tuple[str, ...]:
    """Read from either end, where enough of it stands upside down."""
    if len(_STANDING.findall(text)) < 4:
        return ()
    turned = text.lower().translate(_UPSIDE_DOWN)
    return turned, turned[::-1]
