"""A QR code as a picture within the page: nothing is fetched, and no style stands in it (ISO/IEC 18004)."""

from markupsafe import Markup

SCALE = 4  # pixels of a module
QUIET = 4  # modules around it, which readers need (§5.3.8)


def svg(text: str) -> Markup:
    """Black on white, in dark pages too: not every reader takes it the other way round."""
    import segno

    made = segno.make(text, error="m", micro=False)
    # Its attributes are presentation, which no policy of style is asked about; of the text nothing stands in it.
    return Markup(made.svg_inline(scale=SCALE, border=QUIET, dark="#000", light="#fff", svgclass="qr"))  # noqa: S704
