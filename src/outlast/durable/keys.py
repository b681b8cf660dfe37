"""The encryption keys of an installation: the active one writes, the others still read what they wrote.

They live in one JSON file, on a cluster a mounted Secret: `{"active": "2026-11", "keys": {"2026-11": "<base64>"}}`.
To rotate, add a key and make it active; remove the old one when nothing that it wrote is kept any more. The file is
read again when a payload names a key that is not known yet, so workers follow a rotation without a restart.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from pathlib import Path
from typing import Annotated, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import Base64Bytes, BaseModel, ConfigDict, StringConstraints, ValidationError, model_validator

from outlast.errors import EncryptionKeyError, SettingsError

KEY_BYTES = 32
"""AES-256."""

NONCE_BYTES = 12
"""What GCM is made for."""

KeyId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
"""Stands in clear beside every payload, so it says nothing but which key."""


class Key:
    """One key, ready to use.

    Args:
        key_id: Its name in the file.
        secret: `KEY_BYTES` random bytes.
    """

    def __init__(self, key_id: str, secret: bytes) -> None:
        self.id = key_id
        self._cipher = AESGCM(secret)
        self._nonce_key = hmac.digest(secret, b"outlast payload nonce", "sha256")

    def seal(self, plain: bytes, context: bytes | None) -> bytes:
        """Encrypt.

        Args:
            plain: What to hide.
            context: The workflow it belongs to. With one the nonce is a keyed hash of both, so a replay makes the same
                bytes again and a payload store does not grow with each; without one it is random.
        """
        if context is None:
            nonce = os.urandom(NONCE_BYTES)
        else:
            nonce = hmac.digest(self._nonce_key, hashlib.sha256(context).digest() + plain, "sha256")[:NONCE_BYTES]
        return nonce + self._cipher.encrypt(nonce, plain, self.id.encode())

    def open(self, sealed: bytes) -> bytes:
        """Decrypt.

        Raises:
            EncryptionKeyError: another key wrote it, or it was altered.
        """
        try:
            return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], self.id.encode())
        except (InvalidTag, ValueError):
            raise EncryptionKeyError(
                f"A payload can't be read with the key {self.id!r}: another key of that id wrote it, or it was altered "
                "since. Put the key that wrote it back into OUTLAST_ENCRYPTION_KEYS_FILE."
            ) from None


class KeyRing:
    """The keys of one file.

    Args:
        file: As in the module's description.

    Raises:
        SettingsError: the file can't be read or is no keys file.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._load()

    def find(self, key_id: str) -> Key:
        """The key of an id, looking into the file again when it is not known.

        Raises:
            EncryptionKeyError: the file does not hold it.
        """
        if key_id not in self._keys:
            try:
                self._load()
            except SettingsError as error:
                raise EncryptionKeyError(f"A payload needs the key {key_id!r}, but {error}") from None
        if key_id not in self._keys:
            known = ", ".join(sorted(self._keys))
            raise EncryptionKeyError(
                f"A payload is encrypted with the key {key_id!r}, which is not in {self._file} (there: {known}). "
                "Put it back: a key is needed as long as anything that it wrote is kept."
            )
        return self._keys[key_id]

    def _load(self) -> None:
        parsed = _read(self._file)
        self._keys = {key_id: Key(key_id, secret) for key_id, secret in parsed.keys.items()}
        self.active = self._keys[parsed.active]
        """The key that writes."""


class _KeysFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    active: KeyId
    keys: dict[KeyId, Base64Bytes]

    @model_validator(mode="after")
    def _are_usable(self) -> Self:
        for key_id, secret in self.keys.items():
            if len(secret) != KEY_BYTES:
                raise ValueError(f"the key {key_id!r} has {len(secret)} bytes, not {KEY_BYTES}")
        if self.active not in self.keys:
            raise ValueError(f"`active` is {self.active!r}, but there is no such key")
        return self


def _read(file: Path) -> _KeysFile:
    try:
        return _KeysFile.model_validate_json(file.read_bytes())
    except OSError as error:
        raise SettingsError(f"the encryption keys file {file} can't be read: {error.strerror}.") from None
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in problem['loc']) or 'the file'}: {problem['msg']}"
            for problem in error.errors(include_url=False, include_input=False, include_context=False)
        )
        raise SettingsError(
            f"the encryption keys file {file} is not usable: {problems}. It has to read "
            '{"active": ID, "keys": {ID: base64 of 32 random bytes}}.'
        ) from None
