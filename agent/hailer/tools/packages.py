"""What Apt and Pacman share: packages and what is wished of them, and how long ago lists were fetched.

`core` is the agent's own namespace.
"""
import os
import time

tool = core.module("hailer.tool")

PATIENCE = 60  # seconds that somebody else's lock is waited for

# What was done to a package, or would be under check=True; `version` is the one that is there then, "" for none.
Result = tool.record(__name__, "Result", "name changed version diff", tool.Truth)


class State(object):
    PRESENT, ABSENT, LATEST = range(3)


class Package(object):
    """A package, what is wished of it, and the version that it is to have: "" for any."""

    def __init__(self, name, state=State.PRESENT, version=""):
        self.name, self.state, self.version = name, state, version

    @classmethod
    def from_string(cls, text, state=State.PRESENT):
        """Of "name" or "name=version"."""
        name, _, version = text.partition("=")
        return cls(name, state, version)

    @classmethod
    def parse(cls, package, state=None):
        """Of such a text or a Package. A `state` is what is wished of it, whatever the Package says."""
        if not isinstance(package, Package):
            package = cls.from_string(package)
        return cls(package.name, package.state if state is None else state, package.version)

    def __str__(self):
        return "%s=%s" % (self.name, self.version) if self.version else self.name

    def __repr__(self):
        return "Package(%r, %r, %r)" % (self.name, self.state, self.version)

    def __eq__(self, other):
        return isinstance(other, Package) and self.__dict__ == other.__dict__

    def __ne__(self, other):
        return not self == other

    def __hash__(self):
        return hash((self.name, self.state, self.version))


def wishes(packages, state, name, version):
    """The Packages of some texts and Packages, each looked at by the patterns of its name and its version."""
    found = {}
    for package in packages:
        wish = Package.parse(package, state)
        if not name.match(wish.name) or wish.version and not version.match(wish.version):
            raise ValueError("%r is no name of a package, or name=version" % str(wish))
        if wish.state not in (State.PRESENT, State.ABSENT, State.LATEST):
            raise ValueError("%r is no State: PRESENT is 0, ABSENT 1, LATEST 2" % (wish.state,))
        if found.setdefault(wish.name, wish) != wish:
            raise ValueError("two things are wished of %s at once: %r and %r" % (wish.name, found[wish.name], wish))
    return list(found.values())


def fresh(stamp, ttl, sources):
    """Whether lists were fetched less than `ttl` seconds ago, and nothing that they are fetched by changed since."""
    try:
        then = os.stat(stamp).st_mtime
        return ttl >= 0 and 0 <= time.time() - then < ttl and all(os.stat(path).st_mtime < then for path in sources)
    except OSError:
        return False


def mark(stamp):
    """Lists were fetched just now."""
    with open(stamp, "w"):
        pass


def within(folder):
    """The paths of a folder and of what lies in it."""
    try:
        return [folder] + [os.path.join(folder, name) for name in os.listdir(folder)]
    except OSError:
        return []
