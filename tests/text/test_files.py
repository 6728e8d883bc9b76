import pytest

from tsl.text import read_text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_a_file_is_read_with_or_without_a_mark_and_with_any_line_ends(tmp_path, encoding, line_end):
    path = tmp_path / "play.txt"
    path.write_bytes(f"Ægeon.{line_end}{line_end}Proceed".encode(encoding))
    assert read_text(path) == read_text(str(path)) == "Ægeon.\n\nProceed"


def test_a_file_that_is_not_utf_8_is_named_with_the_place(tmp_path):
    path = tmp_path / "latin.txt"
    path.write_bytes("caf\u00e9 society".encode("latin-1"))
    with pytest.raises(ValueError, match=r"latin\.txt is not UTF-8: byte 0xe9 at position 3; .*encoding="):
        read_text(path)


def test_a_missing_file_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        read_text(tmp_path / "nowhere")
