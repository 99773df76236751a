"""How far two colours are apart for an eye (WCAG 2.2, contrast ratio)."""


def channel(value):
    value /= 255
    return value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4


def contrast(one, two):
    """Give the ratio of two colours, of three numbers up to 255 each: from 1 to 21."""
    light, dark = sorted(
        (sum(w * channel(c) for w, c in zip((0.2126, 0.7152, 0.0722), rgb, strict=True))
         for rgb in (one, two)),
        reverse=True,
    )  # fmt: skip
    return (light + 0.05) / (dark + 0.05)
