"""QR codes in a picture, such as a screenshot. The one place that needs the extra `qr`."""

from typing import TYPE_CHECKING

from strongroom import Secret
from strongroom.cli.ending import CommandError, CommandLineError

if TYPE_CHECKING:
    from PIL.Image import Image

_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF")
"""What screenshots and photos are stored as. Pillow knows many more, each a parser that a hostile file could pick."""

_MOST_PIXELS = 64_000_000
"""Looked at before anything is unpacked: a small file can claim to be of any size. Cameras make up to 50 million."""


def texts_of_qr_codes(path: str) -> list[Secret]:
    """Return the text of every QR code that is found in a picture."""
    import warnings

    try:
        import zxingcpp
        from PIL import Image, UnidentifiedImageError
    except ModuleNotFoundError:
        raise CommandError("to read a picture needs two more packages", "pip install 'strongroom[qr]'") from None
    too_large = CommandLineError(f"expected a picture of at most {_MOST_PIXELS // 1_000_000} million pixels")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's, of damage and size, which is looked at here
            with Image.open(path, formats=_FORMATS) as picture:
                if picture.width * picture.height > _MOST_PIXELS:
                    raise too_large
                flat = _on_white(picture)
    except Image.DecompressionBombError:
        raise too_large from None
    except UnidentifiedImageError:
        raise _not_a_picture() from None
    except OSError as error:
        if error.strerror is None:  # not of the file, but of what is in it: it is cut short or damaged
            raise _not_a_picture() from None
        raise CommandError(f"cannot read {path}: {error.strerror}") from None
    except (SyntaxError, ValueError, EOFError):  # as Pillow's readers have it for damaged files
        raise _not_a_picture() from None
    # As plain text: the reader's default makes what does not print into words.
    found = zxingcpp.read_barcodes(
        flat, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode), text_mode=zxingcpp.TextMode.Plain
    )
    if not found:
        raise CommandLineError(
            f"no QR code could be read in {path}", "a screenshot, or a sharp photo of the whole code with its margin"
        )
    return [Secret(code.text) for code in found]


def _on_white(picture: "Image") -> "Image":
    """Return a picture in grey, with white where it is transparent: readers see black there otherwise."""
    from PIL import Image

    layer = picture.convert("RGBA")
    white = Image.new("RGBA", layer.size, "white")
    return Image.alpha_composite(white, layer).convert("L")


def _not_a_picture() -> CommandLineError:
    return CommandLineError(f"expected a picture in one of the formats {', '.join(_FORMATS)}, not damaged")
