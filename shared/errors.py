"""Failures that a host must tell apart from a message that cannot be processed."""


class TransientError(Exception):
    """Something outside is away (broker, store, disk full): keep the message, wait, try again. Never dead-lettered."""


class ConflictError(TransientError):
    """Somebody else saved the same state first: load it again and repeat."""


class RejectedError(Exception):
    """The input is bad in a way its owner must hear about; `str(error)` is the reason, in one sentence."""
