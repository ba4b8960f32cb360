"""What every backend promises about files."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ..errors import FineTuneError, NotFound, OutcomeUnknown
from ._contract_service import Contract, Service, attempt

__all__ = ["FilesContract"]

_NOWHERE = "file-00000000000000000000000000000000"


class FilesContract(Contract):
    """Upload, get, list, read and delete. Part of `BackendContract`."""

    def test_an_uploaded_file_can_be_read_back(self, service: Service) -> None:
        """The bytes come back as they were sent, in every script and with a line separator inside a row."""
        content = service.rows() + service.row("会社の本社はどこ？", "新橋\u2028です。")
        assert service.backend.read_file(service.upload(content).id) == content

    def test_an_uploaded_file_keeps_its_name_size_and_purpose(self, service: Service) -> None:
        """The record describes what was sent; a service that does not tell sizes leaves `bytes` open."""
        content = service.rows()
        file = service.upload(content, "my-rows.jsonl")
        assert (file.filename, file.purpose) == ("my-rows.jsonl", "fine-tune")
        assert file.bytes in {len(content), None}

    def test_an_upload_is_found_at_once(self, service: Service) -> None:
        """Read your write: by its id, and in the list."""
        file = service.send()
        assert service.backend.get_file(file.id).id == file.id
        assert [found.id for found in service.backend.list_files()].count(file.id) == 1

    def test_two_uploads_of_the_same_rows_are_two_files(self, service: Service) -> None:
        """The id of a file names one upload; submitting once hangs on it."""
        assert service.send(filename="same.jsonl").id != service.send(filename="same.jsonl").id

    def test_legal_rows_become_processed(self, service: Service) -> None:
        """A file of chat rows may be trained on after a while."""
        assert service.upload().status == "processed"

    def test_a_file_that_is_not_jsonl_is_refused_or_becomes_an_error(self, service: Service) -> None:
        """The service says what is wrong: at once, or in the record."""
        seen = attempt(lambda: service.upload(b"question,answer\n", "rows.jsonl"))
        if isinstance(seen, FineTuneError):
            assert not isinstance(seen, OutcomeUnknown)
            assert str(seen)
        else:
            assert seen.status == "error"
            assert seen.status_details

    def test_a_deleted_file_is_gone(self, service: Service) -> None:
        """Deleting is final: not by its id, not in the list, and not twice."""
        file = service.upload()
        service.backend.delete_file(file.id)
        with pytest.raises(NotFound):
            service.backend.get_file(file.id)
        with pytest.raises(NotFound):
            service.backend.delete_file(file.id)
        assert file.id not in {other.id for other in service.backend.list_files()}

    @pytest.mark.parametrize("operation", ["get_file", "read_file", "delete_file"])
    def test_an_unknown_file_is_not_found(self, service: Service, operation: str) -> None:
        """Each operation on one file says so with `NotFound`."""
        with pytest.raises(NotFound):
            getattr(service.backend, operation)(_NOWHERE)

    def test_all_files_are_listed_once_over_all_pages(self, service: Service) -> None:
        """A list pages by itself, and is an iterator."""
        made = [service.send(filename=f"{number}.jsonl").id for number in range(self.many)]
        listed = service.backend.list_files()
        assert isinstance(listed, Iterator)
        ids = [file.id for file in listed]
        assert set(made) <= set(ids)
        assert len(ids) == len(set(ids))
