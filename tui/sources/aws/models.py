"""botocore's models of the services, read in a third of its own time: each `sagetop` command waits for them."""

from __future__ import annotations

import gzip
import os
from pathlib import Path
from typing import Any

import orjson
from botocore.loaders import JSONFileLoader, Loader


class _Files(JSONFileLoader):
    def load_file(self, file_path: str) -> Any:
        """A file's data, None if there is none."""
        for ending in (".json", ".json.gz"):
            file = Path(file_path + ending)
            if file.is_file():
                data = file.read_bytes()
                try:
                    return orjson.loads(gzip.decompress(data) if ending == ".json.gz" else data)
                except orjson.JSONDecodeError:
                    return super().load_file(file_path)  # a model of the user's own that is no strict JSON
        return None


class ModelLoader(Loader):
    """What botocore loads its models with.

    Args:
        data_path: More folders to look into, as AWS_DATA_PATH has them; None for none.
    """

    def __init__(self, data_path: str | None) -> None:
        folders = (data_path or "").split(os.pathsep)
        more = [str(Path(os.path.expandvars(folder)).expanduser()) for folder in folders if folder]
        super().__init__(extra_search_paths=more, file_loader=_Files())

    def list_available_services(self, type_name: str) -> list[str]:
        """The services that have a folder; whether that holds such a file is seen when it is loaded.

        botocore looks for the file in each of four hundred folders.
        """
        del type_name
        folders = [Path(path) for path in self.search_paths if Path(path).is_dir()]
        return sorted({service.name for folder in folders for service in folder.iterdir()})
