"""Files and folders by path or address (file://, s3://, gs://, abfs://), through Arrow's file systems. It knows nothing of lists."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from shelftalk.catalog.files import making
from shelftalk.errors import StorageError, UsageError

_ADDRESS = re.compile(r"^[a-z][a-z0-9+.-]+://")
_SECRETS = re.compile(r"(?<=://)[^/@]*@|\?.*$", re.DOTALL)
BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Place:
    """A file or a folder. `address` is an absolute path or a URI; it can be sent to another process."""

    address: str

    @classmethod
    def of(cls, where: str | Path) -> Place:
        """The place of a path or URI as a person gives it."""
        text = str(where)
        return cls(text.rstrip("/") if _ADDRESS.match(text) else str(Path(text).expanduser().absolute()))

    @property
    def shown(self) -> str:
        """The address without the key, secret and options that a URI may carry."""
        return _SECRETS.sub("", self.address)

    @property
    def name(self) -> str:
        """The last part of the address."""
        return self.shown.rpartition("/")[2]

    @property
    def local(self) -> Path | None:
        """The path on this machine, None for object storage."""
        fs, path = _opened(self.address)
        return Path(path) if fs.type_name == "local" else None

    def __truediv__(self, name: str) -> Place:
        address, mark, options = self.address.partition("?") if _ADDRESS.match(self.address) else (self.address, "", "")
        return Place(f"{address}/{name}{mark}{options}")

    def kind(self) -> str:
        """ "file", "folder" or "" for nothing."""
        with self._reported("read"):
            fs, path = _opened(self.address)
            return {"File": "file", "Directory": "folder"}.get(fs.get_file_info(path).type.name, "")

    def names(self) -> dict[str, int]:
        """The files of a folder with their sizes in bytes, those of its sub-folders as "sub/name"; {} for nothing."""
        from pyarrow.fs import FileSelector

        with self._reported("list"):
            fs, path = _opened(self.address)
            found = fs.get_file_info(FileSelector(path, allow_not_found=True, recursive=True))
            root = f"{path.rstrip('/')}/"
            return {i.path.removeprefix(root): int(i.size) for i in found if i.type.name == "File"}

    def read(self) -> bytes:
        """The whole content. StorageError where it cannot be read."""
        return b"".join(self.blocks())

    def blocks(self, offset: int = 0, length: int | None = None) -> Iterator[bytes]:
        """The content from `offset`, `length` bytes of it, in blocks of at most 1 MiB."""
        with self._reported("read"), self.opened() as source:
            source.seek(offset)
            left = source.size() - offset if length is None else length
            while left > 0 and (block := source.read(min(left, BLOCK))):
                left -= len(block)
                yield block

    def opened(self) -> Any:
        """The file, open for reading at any place (a pyarrow NativeFile)."""
        fs, path = _opened(self.address)
        return fs.open_input_file(path)

    def write(self, content: bytes) -> None:
        """Puts the content there in one step: another reader sees what was there before or all of this. Folders are made."""
        here = self.local
        if here is not None:
            with self._reported("write"):
                here.parent.mkdir(parents=True, exist_ok=True)
                with making(here) as temporary:
                    temporary.write_bytes(content)
            return
        with self._reported("write"):
            fs, path = _opened(self.address)
            with fs.open_output_stream(path) as out:
                out.write(content)

    def remove(self) -> None:
        """Takes the file away, if it is there."""
        with self._reported("remove"):
            fs, path = _opened(self.address)
            if fs.get_file_info(path).type.name == "File":
                fs.delete_file(path)

    def remove_folder(self) -> None:
        """Takes the folder away with all that is in it, if it is there."""
        with self._reported("remove"):
            fs, path = _opened(self.address)
            if fs.get_file_info(path).type.name == "Directory":
                fs.delete_dir(path)

    def copy_to(self, other: Place) -> None:
        """Copies the folder with all that is in it."""
        from pyarrow.fs import copy_files

        with self._reported("copy"):
            (source, path), (target, there) = _opened(self.address), _opened(other.address)
            target.create_dir(there, recursive=True)
            copy_files(path, there, source_filesystem=source, destination_filesystem=target)

    @contextmanager
    def _reported(self, what: str) -> Iterator[None]:
        import pyarrow as pa

        try:
            yield
        except StorageError:
            raise
        except (OSError, pa.ArrowException) as error:
            told = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
            raise StorageError(f"{self.shown}: cannot {what}: {_SECRETS.sub('', told)}") from error


@lru_cache(maxsize=64)
def _opened(address: str) -> tuple[Any, str]:
    """The file system of an address, and the path within it."""
    import pyarrow as pa
    from pyarrow import fs

    if not _ADDRESS.match(address):
        return fs.LocalFileSystem(), address
    try:
        found, path = fs.FileSystem.from_uri(address)
    except (pa.ArrowException, ValueError, OSError) as error:
        raise UsageError(
            f"{_SECRETS.sub('', address)}: no such place; give a path or an address of file://, s3://, gs:// or abfs:// ({error})"
        ) from error
    return found, path.rstrip("/")
