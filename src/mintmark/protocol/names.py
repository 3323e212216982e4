"""When two written names are one: usernames after NFKC and case folding (UAX #15; Unicode §5.18)."""

import unicodedata


def normalise_username(name: str) -> str:
    """What is compared, kept unique and throttled: forms, case and runs of spaces folded, ends stripped."""
    if name.isascii():  # nothing to compose, and folding is lower case
        return " ".join(name.lower().split())
    folded = _folded(name)
    # Folding may compose what folds once more (UAX #15 §14): twice is enough, so that a key is its own key.
    return " ".join(_folded(folded).split())


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
