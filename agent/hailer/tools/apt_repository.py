"""AptRepository: where apt takes packages from, and whose signature it takes. `core` is the agent's own namespace."""
import os
import re

plan = core.module("hailer.plan")
tool = core.module("hailer.tool")

KEYS = "/etc/apt/keyrings/"
SOURCES = "/etc/apt/sources.list.d/"
NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*\Z")  # apt reads no file whose name holds anything else
ARMOUR = b"-----BEGIN PGP PUBLIC KEY BLOCK-----"

Result = tool.record(__name__, "Result", "name changed diff", tool.Truth)


class AptRepository(tool.Tool):
    """Sources of packages, and the keys that sign them. Fetches nothing: Apt.update() does. `check=True` only tells."""

    Result = Result

    @staticmethod
    def key(name, data, check=False):
        """Puts a public key into /etc/apt/keyrings: `name` ends in .asc where it is in letters, in .gpg otherwise."""
        ready(name)
        data = data.encode("ascii") if isinstance(data, core.text_type) else bytes(data)
        letters = data.lstrip().startswith(ARMOUR)
        # The first byte of a packet has its highest bit set; 6 is the tag of a public key, in either of two formats.
        if not letters and (not data or bytearray(data)[0] & 0xfc not in (0x98, 0xc4)):
            raise ValueError("%s would be no public OpenPGP key" % name)
        if name.endswith(".asc") != letters or not name.endswith((".asc", ".gpg")):
            raise ValueError("apt wants the name %s to end in %s, as the key is written in %s"
                             % ((name,) + ((".asc", "letters") if letters else (".gpg", "bytes"))))
        return put(KEYS, name, data, check)

    @staticmethod
    def present(name, types=("deb",), uris=(), suites=(), components=(), signed_by="", architectures=(), check=False):
        """Puts a repository into /etc/apt/sources.list.d, in the file `name`.sources.

        `signed_by` is the path of a key, such as one that key() put there, or the key itself in letters. A suite that ends
        in / takes no components.
        """
        ready(name)
        fields = [("Types", types), ("URIs", uris), ("Suites", suites), ("Components", components),
                  ("Architectures", architectures)]
        text = ""
        for field, words in fields:
            words = [words] if isinstance(words, (str, core.text_type)) else list(words)
            for word in words:
                if not word or any(c.isspace() for c in word):
                    raise ValueError("%r is no word for %s" % (word, field))
            if words:
                text += "%s: %s\n" % (field, " ".join(words))
            elif field in ("Types", "URIs", "Suites"):
                raise ValueError("a repository needs %s" % field)
        if signed_by:
            text += "Signed-By:%s\n" % folded(signed_by)
        return put(SOURCES, name + ".sources", plan.bytes_of(text), check, name)

    @staticmethod
    def absent(name, check=False):
        """Takes a repository away. Its key stays."""
        ready(name)
        steps = plan.Plan(check)
        steps.remove(SOURCES + name + ".sources")
        return Result(name, steps.changed, steps.diff)


def ready(name):
    tool.need_program("apt-get", "AptRepository")
    if not NAME.match(name):
        raise ValueError("%r is no name of a file that apt reads: letters, digits, _ - and ." % (name,))


def folded(key):
    """A key as the value of a field: its further lines are set in, and an empty one is a point."""
    lines = key.strip().splitlines()
    if len(lines) == 1:
        if not key.startswith("/"):
            raise ValueError("signed_by is the path of a key or the key itself, and not %r" % (key,))
        return " " + key.strip()
    return "".join("\n " + (line.strip() or ".") for line in lines)


def put(folder, name, data, check, told=None):
    steps = plan.Plan(check)
    if not os.path.isdir(folder) and not check:
        tool.need_root("AptRepository")
        os.mkdir(folder)
        os.chmod(folder, 0o755)
    steps.write(folder + name, data, 0o644)
    return Result(told or name, steps.changed, steps.diff)
