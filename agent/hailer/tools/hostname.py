"""The tool Hostname. `core` is the agent's own namespace."""
import errno
import os
import re
import socket

tool = core.module("hailer.tool")
atomic = core.module("hailer.atomic")

FILE, HOSTS, RUNTIME = "/etc/hostname", "/etc/hosts", "/proc/sys/kernel/hostname"
LABEL = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
NAME = re.compile(r"%s(\.%s)*\Z" % (LABEL, LABEL))
LONGEST = 64  # what Linux takes


class Hostname(tool.Tool):
    """The name of the host."""

    @staticmethod
    def get():
        """What the kernel says now."""
        return os.uname()[1]

    @staticmethod
    def set(name, check=False):
        """Gives the host its name, at once and for the next start; a Change. What differs is set, and nothing else."""
        tool.need_linux("Hostname.set")
        name = tool.text_of(name, "name")
        if len(name) > LONGEST or not NAME.match(name):
            raise ValueError("%r is no host name: letters, digits, dots and hyphens, %d at most" % (str(name), LONGEST))
        now = os.uname()[1]
        change = atomic.write(FILE, (name + u"\n").encode("ascii"), follow=True, in_place=True, check=True)
        found = atomic.look(os.path.realpath(FILE))
        if found and atomic.read(os.path.realpath(FILE)).strip() == name.encode("ascii"):
            change = tool.Change(FILE, False, u"")  # a missing newline is nobody's business
        words = change.diff + (u"running name %s -> %s\n" % (now, name) if now != name else u"")
        if words and not check:
            tool.need_root("Hostname.set")
            if now != name:
                run_as(name)
            if change.changed:
                atomic.write(FILE, (name + u"\n").encode("ascii"), follow=True, in_place=True)
        return tool.Change(FILE, bool(words), words)

    @staticmethod
    def hosts_entry(ip, *names, **given):
        """Sees to it that /etc/hosts gives this address these names; a Change. The first line of the address is made to be that.

        Blanks do not count; a remark at the end of the line stays.
        """
        check = tool.options(given, check=False)["check"]
        ip = tool.text_of(ip, "ip")
        family = socket.AF_INET6 if ":" in ip else socket.AF_INET
        try:
            socket.inet_pton(family, ip)
        except (socket.error, ValueError):
            raise ValueError("%r is no address" % (str(ip),))
        if not names:
            raise ValueError("an entry needs at least one name")
        names = [tool.text_of(name, "a name") for name in names]
        for name in names:
            if not NAME.match(name):
                raise ValueError("%r is no host name" % (str(name),))
        old = atomic.read(os.path.realpath(HOSTS)).decode("utf-8") if os.path.exists(HOSTS) else u""
        new = entered(old, ip, names).encode("utf-8")
        return atomic.write(HOSTS, new, follow=True, in_place=True, check=check)


def entered(text, ip, names):
    """The text of /etc/hosts with that entry."""
    lines = text.split(u"\n")
    for at, line in enumerate(lines):
        words, hash, remark = line.partition(u"#")
        if words.split()[:1] == [ip]:
            if words.split()[1:] != names:
                lines[at] = u" ".join([ip] + names) + (u" " + hash + remark if hash else u"")
            return u"\n".join(lines)
    return text + (u"" if not text or text.endswith(u"\n") else u"\n") + u" ".join([ip] + names) + u"\n"


def run_as(name):
    """Tells the kernel."""
    try:
        if hasattr(socket, "sethostname"):
            socket.sethostname(name)
        else:  # 2.7
            with open(RUNTIME, "w") as file:
                file.write(name)
    except (IOError, OSError) as error:
        if error.errno in (errno.EPERM, errno.EACCES, errno.EROFS):
            raise OSError(error.errno, "the name cannot be set from here, though as root: a container's is set by its engine")
        raise
