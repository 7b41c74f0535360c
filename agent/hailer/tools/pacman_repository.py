"""PacmanRepository: sections of pacman.conf, and keys. `core` is the agent's own namespace."""
import os
import re
import stat

plan = core.module("hailer.plan")
tool = core.module("hailer.tool")

CONFIG = "/etc/pacman.conf"
KEYS = "/etc/pacman.d/"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9@._+-]*\Z")
HEAD = re.compile(r"\s*\[([^]]*)\]\s*\Z")

Result = tool.record(__name__, "Result", "name changed diff", tool.Truth)


class PacmanRepository(tool.Tool):
    """Repositories in pacman.conf. Fetches nothing: Pacman.update() does. `check=True` tells, and does nothing."""

    Result = Result

    @staticmethod
    def key(name, data, check=False):
        """Puts a key file into /etc/pacman.d. That pacman trusts it is for pacman-key to see to."""
        ready(name)
        steps = plan.Plan(check)
        data = data.encode("ascii") if isinstance(data, core.text_type) else bytes(data)
        if not os.path.isdir(KEYS) and not check:
            tool.need_root("PacmanRepository")
            os.mkdir(KEYS)
            os.chmod(KEYS, 0o755)
        steps.write(KEYS + name, data, 0o644)
        return Result(name, steps.changed, steps.diff)

    @staticmethod
    def present(name, servers, sig_level="Optional TrustAll", check=False):
        """Sees to it that a repository is there with these servers and no others. An empty `sig_level` is pacman's own."""
        ready(name)
        servers = [servers] if isinstance(servers, (str, core.text_type)) else list(servers)
        if not servers or any(not word or any(c.isspace() for c in word) for word in servers):
            raise ValueError("a repository needs servers, and no server holds a blank: %r" % (servers,))
        if any(c in sig_level for c in "\r\n#"):
            raise ValueError("%r is no SigLevel" % (sig_level,))
        section = ["[%s]" % name] + (["SigLevel = %s" % sig_level] if sig_level else [])
        return settle(name, section + ["Server = %s" % server for server in servers], check)

    @staticmethod
    def absent(name, check=False):
        """Takes a repository away."""
        ready(name)
        return settle(name, [], check)


def ready(name):
    tool.need_program("pacman", "PacmanRepository")
    if not NAME.match(name) or name in ("options", "local"):
        raise ValueError("%r is no name of a repository" % (name,))


def settle(name, section, check):
    """Has the section of a repository be these lines; what is no part of it stays as it is."""
    tool.need_file(CONFIG, "PacmanRepository")
    old, now = plan.read(CONFIG, CONFIG)
    lines = plan.text_of(old).split("\n")
    new = edited(lines, name, section)
    steps = plan.Plan(check)
    if new != lines:
        data = plan.bytes_of("\n".join(new))
        done = plan.process("pacman-conf", "--config", "/dev/stdin", "--repo-list", stdin=data, capture_output=True,
                            env=plan.environment())
        if done.returncode:
            raise plan.failed("pacman-conf of the new %s" % CONFIG, done.returncode, core.native(done.stderr))
        steps.write(CONFIG, data, stat.S_IMODE(now.st_mode), (now.st_uid, now.st_gid))
    return Result(name, steps.changed, steps.diff)


def edited(lines, name, section):
    """The lines of the file with that section in it, or with none of this name where it has no lines."""
    spans, start = [], None
    for at, line in enumerate(lines + ["[]"]):
        head = HEAD.match(line)
        if head is None:
            continue
        if start is not None:
            # Blanks and remarks in front of the next section belong to that one.
            end = at
            while end > start + 1 and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith("#")):
                end -= 1
            spans.append((start, end))
        start = at if head.group(1) == name else None
    new = list(lines)
    for start, end in reversed(spans[1:] if section else spans):
        while start > 0 and end < len(new) and not new[start - 1].strip() and not new[end].strip():
            start -= 1  # the blank line that set it apart goes too
        del new[start:end]
    if not section:
        return new
    if spans:
        start, end = spans[0]
        new[start:end] = section
        return new
    while new and not new[-1].strip():
        new.pop()
    return new + ([""] if new else []) + section + [""]
