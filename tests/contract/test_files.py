"""What every backend promises about files."""

from __future__ import annotations

import io

import pytest

from aoai_finetune.errors import NotFound
from contract.service import Service


def test_an_uploaded_file_can_be_read_back(service: Service) -> None:
    """The bytes come back as they were sent."""
    content = service.rows(10)
    assert service.backend.read_file(service.upload(content).id) == content


def test_an_uploaded_file_keeps_its_name_and_size(service: Service) -> None:
    """The record describes what was sent."""
    content = service.rows(10)
    file = service.upload(content, "my-rows.jsonl")
    assert (file.filename, file.bytes, file.purpose) == ("my-rows.jsonl", len(content), "fine-tune")


def test_a_new_file_is_found_in_the_list(service: Service) -> None:
    """Read your write, also through the list."""
    file = service.upload(service.rows(10))
    assert file in list(service.backend.list_files())


def test_chat_rows_become_processed(service: Service) -> None:
    """A legal file may be trained on after a while."""
    assert service.upload(service.rows(10)).status == "processed"


def test_a_file_that_is_not_jsonl_becomes_an_error_with_details(service: Service) -> None:
    """The service says what is wrong."""
    file = service.upload(b"question,answer\n")
    assert file.status == "error"
    assert file.status_details


def test_a_deleted_file_is_not_found(service: Service) -> None:
    """Deleting is final."""
    file = service.upload(service.rows(10))
    service.backend.delete_file(file.id)
    with pytest.raises(NotFound):
        service.backend.get_file(file.id)
    assert file.id not in {other.id for other in service.backend.list_files()}


@pytest.mark.parametrize("operation", ["get_file", "read_file", "delete_file"])
def test_an_unknown_file_is_not_found(service: Service, operation: str) -> None:
    """Each operation on one file says so."""
    with pytest.raises(NotFound):
        getattr(service.backend, operation)("file-00000000000000000000000000000000")


def test_more_files_than_one_page_are_all_listed(service: Service) -> None:
    """Lists page by themselves."""
    made = {service.backend.upload_file(io.BytesIO(service.rows(10)), filename=f"{n}").id for n in range(60)}
    assert {file.id for file in service.backend.list_files()} == made
