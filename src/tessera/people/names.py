"""Names as they are searched and sorted by."""

import unicodedata

KEY_LENGTH = 620
_LONGEST_READ = 2_000


def folded(text: str) -> str:
    """Return `text` for comparing: without case, accents and doubled spaces ("Zoë  ØSTBY" → "zoe østby").

    What is beyond 2,000 characters does not count.
    """
    if text.isascii():  # most are, and have nothing to take off
        return " ".join(text[:_LONGEST_READ].casefold().split())
    decomposed = unicodedata.normalize("NFKD", text[:_LONGEST_READ].casefold())
    bare = "".join(character for character in decomposed if not unicodedata.combining(character))
    return " ".join(unicodedata.normalize("NFC", bare).split())


def name_key(called: str, *others: str) -> str:
    """Return what a record is sorted and found by: what it is called, then its other names, folded.

    A name that the key already contains is not repeated. At most 620 characters.
    """
    key = folded(called)
    for other in others:
        word = folded(other)
        if word and f" {word} " not in f" {key} ":
            key = f"{key} {word}"
    return key.strip()[:KEY_LENGTH]
