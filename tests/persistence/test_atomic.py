"""Files are replaced as a whole or stay unchanged."""

import os
import pathlib
import stat

import pytest
from saved_models import assert_same, fitted

from tsl import persistence
from tsl.persistence import load, save


def test_missing_files_and_folders_are_os_errors(tmp_path):
    with pytest.raises(FileNotFoundError, match="none.tsl"):
        load(tmp_path / "none.tsl")
    with pytest.raises(OSError, match=str(tmp_path)):
        load(tmp_path)
    model = fitted()
    with pytest.raises(OSError, match="there is no folder .*nowhere to write model.tsl to"):
        save(model, tmp_path / "nowhere" / "model.tsl")
    with pytest.raises(OSError, match="exists and is not a file"):
        save(model, tmp_path)


def test_a_relative_path_and_a_str_will_do(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model = fitted()
    save(model, "model.tsl")
    assert_same(model, load("model.tsl"))


def test_an_interrupted_save_leaves_the_old_file(path, monkeypatch):
    old = fitted()
    save(old, path)

    def interrupt(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(persistence.os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        save(fitted(random_state=1), path)
    assert list(path.parent.iterdir()) == [path]
    assert_same(old, load(path))


@pytest.mark.skipif(os.name != "posix", reason="permissions and links as POSIX has them")
def test_a_saved_file_has_usual_permissions_and_a_link_stays_one(path):
    model = fitted()
    link = path.with_name("link.tsl")
    link.symlink_to(path.name)
    save(model, link)
    assert link.is_symlink()
    usual = path.with_name("usual")
    pathlib.Path(usual).touch()
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(usual.stat().st_mode)
    assert_same(model, load(path))
