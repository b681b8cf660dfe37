"""Errors that people read: what failed, the value seen, why, and the next step.

The tree, with the exit code of each branch:

    OutlastError                      1
    ├── UsageError                    2   the caller's words are off; nothing was started
    │   ├── ManifestError             2   a ResearchJob that does not validate
    │   ├── SettingsError             2   an OUTLAST_ variable that is unknown or does not parse
    │   └── UnknownJobError           2   an id that no job has
    ├── ModelSetupError               1   a model that can't be used: key, price or name missing
    ├── SourceError                   1   a source that can't be searched
    ├── StateError                    1   a file of ours that is corrupt, locked or unwritable
    ├── EncryptionKeyError            1   an encrypted payload whose key is missing or another one
    ├── PayloadStoreError             1   a payload that can't be stored, or read back as it was stored
    ├── PayloadTooLargeError          1   a payload that Temporal does not take, where there is no store
    ├── UnreachableError              1   Temporal or a model server that does not answer
    ├── StaleAttemptError             1   an attempt that another worker may have been given meanwhile
    └── JobFailedError                1   the job ended without a report

Whether Temporal tries a step again is a property of the class (`retryable`), so no call site decides it anew.
"""

from __future__ import annotations

from typing import ClassVar


class OutlastError(Exception):
    """Base of every error that outlast raises for people to read."""

    exit_code: ClassVar[int] = 1
    """What the `outlast` command exits with."""

    retryable: ClassVar[bool] = False
    """Whether trying the same step again can succeed."""


class UsageError(OutlastError):
    """The caller's words are off; nothing was started."""

    exit_code: ClassVar[int] = 2


class ManifestError(UsageError):
    """A ResearchJob that does not validate; the message names each field."""


class SettingsError(UsageError):
    """An `OUTLAST_` variable that is unknown or does not parse."""


class UnknownJobError(UsageError):
    """An id that no job has."""


class ModelSetupError(OutlastError):
    """A model that can't be used as configured: key, price or name missing."""


class SourceError(OutlastError):
    """A source that can't be searched as configured."""


class SourceUnavailableError(SourceError):
    """A source that did not answer this time; trying again may help."""

    retryable: ClassVar[bool] = True


class StateError(OutlastError):
    """A file of ours that is corrupt, locked or unwritable."""


class EncryptionKeyError(OutlastError):
    """An encrypted payload whose key is missing or another one; the right keys file heals it."""

    retryable: ClassVar[bool] = True


class PayloadStoreError(OutlastError):
    """A payload that can't be stored, or read back as it was stored."""

    retryable: ClassVar[bool] = True


class PayloadTooLargeError(OutlastError):
    """A payload that Temporal does not take, where there is no store to offload it to."""


class UnreachableError(OutlastError):
    """Temporal or a model server that does not answer."""

    retryable: ClassVar[bool] = True


class StaleAttemptError(OutlastError):
    """An attempt that another worker may have been given meanwhile; nothing was sent."""

    retryable: ClassVar[bool] = True


class JobFailedError(OutlastError):
    """The job ended without a report."""
