"""How much may be sent as files: refused by what a request says of itself, before anything of it is kept."""

from typing import Any, Final

from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler

LARGEST: Final = 201_000_000  # bytes: the largest import, and the form around it


class Bounded(FileUploadHandler):
    """Stands before the handlers that keep files, and lets none of a request through that is too large."""

    def handle_raw_input(self, input_data: Any, META: Any, content_length: int, *rest: Any) -> None:  # noqa: N803
        """Refuse a request that is too large by what it says. Raises RequestDataTooBig."""
        if content_length > LARGEST:
            raise RequestDataTooBig(f"at most {LARGEST:,} bytes can be sent")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None
