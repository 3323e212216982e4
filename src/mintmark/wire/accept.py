"""Which of two forms of an answer is asked for (RFC 9110 §12.5.1)."""


def prefers(header: str | None, wanted: str, usual: str) -> bool:
    """Whether `wanted` is named, and liked no less than `usual`. Whatever is not understood asks for nothing."""
    if header is None or wanted not in header.lower():
        return False
    liking = dict(_range(part) for part in reversed(header.lower().split(",")))
    return liking.get(wanted, 0) > 0 and liking[wanted] >= liking.get(usual, 0)


def _range(part: str) -> tuple[str, float]:
    """A media range without its parameters, and its weight."""
    name, *parameters = (piece.strip() for piece in part.split(";"))
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip() == "q":
            return name, _weight(value.strip())
    return name, 1.0


def _weight(value: str) -> float:
    try:
        found = float(value)
    except ValueError:
        return 0.0
    return found if 0 <= found <= 1 else 0.0
