"""Text files."""

from __future__ import annotations

from pathlib import Path


def read_text(path: str | Path) -> str:
    r"""Read a UTF-8 text file, with or without a byte order mark; all line endings become ``"\n"``.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    text : str

    Raises
    ------
    ValueError
        If the file is not UTF-8; the message names the file and the position. The encoding is not guessed, since after
        a wrong guess a model would learn from wrong characters.
    OSError
        If the file does not exist or cannot be read.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from tsl.text import read_text
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "play.txt"
    ...     _ = path.write_bytes("Malcolm.\r\nÉxeunt.".encode("utf-8-sig"))
    ...     read_text(path)
    'Malcolm.\nÉxeunt.'
    """
    content = Path(path).read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{path} is not UTF-8: byte {content[error.start]:#04x} at position {error.start:,}; read it yourself with "
            f'open(path, encoding=...), for instance encoding="latin-1"'
        ) from None
    return text.replace("\r\n", "\n").replace("\r", "\n")
