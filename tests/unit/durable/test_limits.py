"""What fits into a message, with a store and without."""

from __future__ import annotations

from temporalio.api.common.v1 import Payload

from outlast.durable.limits import REFERENCE, Limits, sentence_in, stand_in, too_large
from outlast.settings import Settings


def payload(size: int) -> Payload:
    return Payload(data=b"x" * size)


def test_without_a_store_all_of_a_payload_counts() -> None:
    limits = Limits.of(Settings())
    assert limits.size([payload(5_000_000), payload(10)]) > 5_000_000


def test_with_a_store_what_is_offloaded_counts_as_its_reference() -> None:
    limits = Limits.of(Settings(payload_store="file:///store", payload_threshold_bytes=1000))
    small = payload(10)
    assert limits.size([payload(5_000_000), small]) == REFERENCE + small.ByteSize()


def test_a_stand_in_carries_its_sentence_and_nothing_else_does() -> None:
    assert sentence_in([stand_in("It is too large.")]) == "It is too large."
    assert sentence_in([]) is None
    assert sentence_in([{"other": 1}]) is None
    assert sentence_in([stand_in("It is too large."), None]) is None


def test_the_sentence_names_the_way_out() -> None:
    assert too_large("This", 3 * 1024 * 1024, 2 * 1024 * 1024) == (
        "This takes 3.0 MB, more than the 2.0 MB that Temporal takes. Set OUTLAST_PAYLOAD_STORE on workers and "
        "clients, so that large payloads are kept outside of it."
    )
