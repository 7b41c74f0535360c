"""What goes wrong on other hosts, as exceptions and as results.

`core` is the agent's own namespace.
"""


def indented(text):
    return "".join("    " + line + "\n" for line in text.splitlines())


class RemoteException(Exception):
    """Code of a host raised, or the host could not be reached.

    `host`; `type` and `message` of what was raised there, and its `traceback` as text. Where the host could not be
    reached: `stage` (how far it came), `why`, and `said` (its own last words).
    """

    def __init__(self, words, host=None, type=None, message="", traceback="", stage=None, why=None, said=None):
        Exception.__init__(self, words)
        self.host = host
        self.type = type
        self.message = message
        self.traceback = traceback
        self.stage = stage
        self.why = why
        self.said = said

    @classmethod
    def raised(cls, host, description):
        """From what the controller tells of an exception (see its wire/frame.rs)."""
        module, kind = description.get("module"), description.get("type")
        if module not in ("", None, "builtins", "exceptions", "__main__"):
            kind = "%s.%s" % (module, kind)
        message, text = description.get("message") or "", description.get("text") or ""
        words = "host %s raised %s%s" % (host, kind, ": " + message if message else "")
        return cls(words + ("\n" + indented(text).rstrip("\n") if text else ""), host, kind, message, text)

    @classmethod
    def unreached(cls, host, stage, why, said=None):
        words = "host %s could not be reached (%s): %s" % (host, stage, why)
        if said:
            words += "\n" + indented(said).rstrip("\n")
        return cls(words, host, "RemoteException", why, "", stage, why, said)

    @classmethod
    def refused(cls, host, why):
        return cls("host %s: %s" % (host, why), host, "RemoteException", why)


class DepthLimitExceeded(Exception):
    """A host would be further from the console than is allowed; the sentence names the path."""


class NotCompleted(Exception):
    """The value of an AsyncResult was asked for before its operation was over."""


class ErrorResult(object):
    """Stands where a host's result would: `host`, `msg`, `type`, and `tb`, the remote traceback as text."""

    def __init__(self, msg, tb=None, type=None, host=None):
        self.msg = msg
        self.tb = tb
        self.type = type
        self.host = host

    @classmethod
    def of(cls, error, host):
        """From an exception that this host's operation ended with."""
        if isinstance(error, RemoteException):
            return cls(core.text_type(error), error.traceback or None, error.type, host)
        words = core.text_type(error)
        return cls(words or type(error).__name__, None, type(error).__name__, host)

    def __repr__(self):
        return "ErrorResult(%r)" % (self.msg,)

    def __eq__(self, other):
        return isinstance(other, ErrorResult) and vars(self) == vars(other)

    def __ne__(self, other):
        return not self == other

    __hash__ = None
