"""Files appear as a whole or not at all, also if several programs write the same one."""

import os
from pathlib import Path

import pytest

from autograd.errors import FileError
from autograd.files import replacing, write_file


def test_a_file_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    for content in (b"old, and longer", b"new"):
        assert write_file(str(path), content) == path
        assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


def interrupted(path: Path, exception: type[BaseException]) -> None:
    with replacing(path) as unfinished:
        unfinished.write_bytes(b"ne")
        raise exception


@pytest.mark.parametrize("exception", [ValueError, KeyboardInterrupt])
def test_a_failure_leaves_the_old_file(tmp_path: Path, exception: type[BaseException]) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"old")
    with pytest.raises(exception):
        interrupted(path, exception)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_two_that_write_at_once_do_not_mix(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with replacing(path) as mine, mine.open("wb") as file:
        file.write(b"the first half, ")
        file.flush()
        write_file(path, b"of somebody else")
        assert path.read_bytes() == b"of somebody else"
        file.write(b"and the second")
    assert path.read_bytes() == b"the first half, and the second"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_of_the_users_is_no_scratch_paper(tmp_path: Path) -> None:
    other = tmp_path / "a.txt.unfinished"
    other.write_bytes(b"a novel")
    write_file(tmp_path / "a.txt", b"new")
    assert other.read_bytes() == b"a novel"


def test_a_file_gets_the_rights_of_any_new_file(tmp_path: Path) -> None:
    write_file(tmp_path / "a.txt", b"new")
    (tmp_path / "b.txt").write_bytes(b"new")
    assert (tmp_path / "a.txt").stat().st_mode == (tmp_path / "b.txt").stat().st_mode


def test_what_is_no_regular_file_stays_what_it_is(tmp_path: Path) -> None:
    pipe, link, folder = (tmp_path / name for name in ("pipe", "link", "folder"))
    os.mkfifo(pipe)
    link.symlink_to(pipe)
    folder.mkdir()
    for path, reason in (
        (pipe, "not a regular file"),
        (link, "not a regular file"),
        (folder, "folder"),
    ):
        with pytest.raises(FileError, match=f"{path.name} cannot be written: it is .*{reason}"):
            write_file(path, b"new")
    assert pipe.is_fifo()
    assert link.is_symlink()
    assert sorted(tmp_path.iterdir()) == sorted([pipe, link, folder])


def test_the_error_names_the_file_and_the_reason(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"a\.txt cannot be written: No such file or directory"):
        write_file(tmp_path / "nowhere" / "a.txt", b"new")
