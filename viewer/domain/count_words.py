"""How many there are of something, in words."""


def count_words(count: int, what: str) -> str:
    """Return a number with its thing, such as "1 image" or "1,200 images"; "series" is the same for one and many."""
    return f"{count:,} {what}" if count == 1 or what == "series" else f"{count:,} {what}s"


def threshold_words(threshold: float) -> str:
    """Return a threshold with two digits, or with three where it lies between: findings are counted by it."""
    return f"{threshold:.3f}".removesuffix("0")
