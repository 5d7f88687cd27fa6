"""Seals that travel through a format that does not name their owner.

A seal (a signature, or ciphertext) means something to the provider family that made it, and to no other. In a format
with one place for seals and no place for their owner, a foreign seal bears its owner's name before a `#`; a client
gives it back as it is, and so it finds its way home.
"""

from gatepost_gateway.domain.chat import DialectName

_MARK = "#"


def write_seal(seal: str, owner: DialectName | None, home: DialectName) -> str:
    """`seal` as the format of `home` shows it."""
    return seal if owner in (None, home) else f"{owner}{_MARK}{seal}"


def read_seal(text: str, home: DialectName) -> tuple[str, DialectName]:
    """(the seal, its owner): a seal that bears no name is of the format itself."""
    name, mark, seal = text.partition(_MARK)
    if mark and name in DialectName.__members__.values():
        return seal, DialectName(name)
    return text, home
