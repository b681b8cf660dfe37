"""The one data converter of every client and worker: Pydantic AI's, with our codec, failures and payload store.

Order matters and is the SDK's: converted, then encrypted, then offloaded. So a payload store holds ciphertext.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic_ai.durable_exec.temporal import PydanticAIPayloadConverter
from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.converter import (
    CompositePayloadConverter,
    DataConverter,
    DefaultFailureConverter,
    EncodingPayloadConverter,
    PayloadConverter,
)

from outlast.durable.codec import ENCODING, EncryptionCodec, is_encrypted, key_id_of
from outlast.durable.keys import KeyRing
from outlast.durable.storage import external_storage
from outlast.errors import EncryptionKeyError
from outlast.settings import Settings


def data_converter(settings: Settings) -> DataConverter:
    """Build the converter that the settings ask for.

    Raises:
        SettingsError: the keys file or the payload store is not usable.
    """
    keys_file = settings.encryption_keys_file
    return DataConverter(
        payload_converter_class=StepPayloadConverter,
        payload_codec=EncryptionCodec(KeyRing(keys_file)) if keys_file else None,
        # Without encryption failures stay readable in Temporal's own UI.
        failure_converter_class=EncodedFailureConverter if keys_file else ClearFailureConverter,
        external_storage=external_storage(settings),
    )


class StepPayloadConverter(PydanticAIPayloadConverter):
    """Pydantic AI's converter, which also says why a ciphertext can't be read where no keys are set."""

    def __init__(self) -> None:
        CompositePayloadConverter.__init__(self, *_converters())


@cache
def _converters() -> tuple[EncodingPayloadConverter, ...]:
    """They keep nothing, so one of each serves the process: the SDK makes a converter for every step it sends."""
    return (*PydanticAIPayloadConverter().converters.values(), _Ciphertext())


class ClearFailureConverter(DefaultFailureConverter):
    """Failures in clear, as Temporal writes them; an encrypted one names the key that it needs."""

    def from_failure(self, failure: Failure, payload_converter: PayloadConverter) -> BaseException:
        """Convert a failure to an exception."""
        if failure.HasField("encoded_attributes") and is_encrypted(failure.encoded_attributes):
            readable = Failure()
            readable.CopyFrom(failure)
            readable.message = str(_missing(failure.encoded_attributes))
            readable.ClearField("encoded_attributes")
            failure = readable
        return super().from_failure(failure, payload_converter)


class EncodedFailureConverter(ClearFailureConverter):
    """Message and stack trace go where the codec reaches them: else exception texts stand in clear in the history."""

    def __init__(self) -> None:
        super().__init__(encode_common_attributes=True)


class _Ciphertext(EncodingPayloadConverter):
    @property
    def encoding(self) -> str:
        return ENCODING

    def to_payload(self, value: Any) -> Payload | None:
        return None

    def from_payload(self, payload: Payload, type_hint: type | None = None) -> Any:
        raise _missing(payload)


def _missing(payload: Payload) -> EncryptionKeyError:
    return EncryptionKeyError(
        f"A payload is encrypted with the key {key_id_of(payload)!r}, but no keys are set here: "
        "give the file that holds it in OUTLAST_ENCRYPTION_KEYS_FILE."
    )
