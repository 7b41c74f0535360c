"""Pacman: the packages of Arch and its kin. `core` is the agent's own namespace."""
import os
import re

child = core.module("hailer.child")
packages = core.module("hailer.packages")
plan = core.module("hailer.plan")
tool = core.module("hailer.tool")

State, Package, Result = packages.State, packages.Package, packages.Result

HOME = "/var/lib/pacman/"
STAMP = HOME + ".hailer-update"
LOCK = HOME + "db.lck"
CONFIG = "/etc/pacman.conf"
NAME = re.compile(r"[A-Za-z0-9@_+][A-Za-z0-9@._+-]*\Z")
VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+_:~-]*\Z")
PRINT = ("--print", "--print-format", "step %n %v")


class Pacman(tool.Tool):
    """Packages of Arch and its kin. `check=True` tells, and does nothing.

    What fails is a RuntimeError with pacman's words, and so is an install script that does, though pacman ends well then.
    `changed` is whether something was done. A package is a name, "name=version", or a Pacman.Package; a version that is
    named is the one that is there afterwards: from the lists, or from pacman's cache.

    Where the lists are newer than what is installed, a single package that is installed may need newer ones of others: that
    is warned of, and upgrade() is the way out.
    """

    State = State
    Package = Package
    Result = Result

    @staticmethod
    def update(ttl=-1, check=False):
        """Fetches the lists of packages, unless that was done less than `ttl` seconds ago. Returns whether it was done."""
        tool.need_program("pacman", "Pacman")
        lists = [HOME + "sync/%s.db" % name for name in plan.ask("pacman-conf", "--repo-list")[1].split()]
        sources = [CONFIG] + packages.within("/etc/pacman.d")
        if all(map(os.path.exists, lists)) and packages.fresh(STAMP, ttl, [path for path in sources if os.path.exists(path)]):
            return False
        if not check:
            tool.need_root("pacman -Sy")
            run("-Sy")
            packages.mark(STAMP)
        return True

    @staticmethod
    def upgrade(check=False):
        """Brings all packages up to date with the lists. Returns a list with a Result for each that changed."""
        tool.need_program("pacman", "Pacman")
        steps = printed("-Su")
        now = installed(name for name, _ in steps)
        if steps and not check:
            tool.need_root("pacman -Su")
            run("-Su")
        return [Result(name, True, version, told("install", name, now.get(name), version)) for name, version in steps]

    @staticmethod
    def package(package, state=None, check=False):
        """Sees to it that a package is there, is gone, or is the newest there is.

        `state` is one of Pacman.State, and by default what the Package says, or PRESENT.
        """
        return settle([package], state, check)[0]

    @staticmethod
    def converge(*wanted, **options):
        """Sees to several packages at once, as package() does: what goes goes first. Returns a list in their order."""
        return settle(wanted, None, tool.options(options, check=False)["check"])


def settle(wanted, state, check):
    """Does what is wished of some packages, and nothing where all is so."""
    tool.need_program("pacman", "Pacman")
    wishes = packages.wishes(wanted, state, NAME, VERSION)
    now = installed(wish.name for wish in wishes)
    gone = [wish.name for wish in wishes if wish.state == State.ABSENT and wish.name in now]
    lists, files = [], []
    for wish in wishes:
        have = now.get(wish.name)
        if wish.state == State.ABSENT or have is not None and wish.version and same(have, wish.version):
            continue
        if wish.version:
            source(wish, lists, files)
        elif have is None or wish.state == State.LATEST:
            lists.append(wish.name)
    own = {}
    for name in lists if len(wishes) > 1 else ():
        alone = printed("-S", "--needed", name)
        if name not in dict(alone):
            own[name] = alone  # a group, or another name of a package
    steps = []
    for verb, words in (("-R", gone), ("-S", lists), ("-U", files)):
        if words:
            steps += change(verb, words, check)
    names = [Package.parse(word).name for word in wanted]
    then = installed(names)
    return [result(name, dict(steps) if len(wishes) == 1 else dict(own.get(name, ())), then, steps, check) for name in names]


def same(have, wanted):
    """Whether a version is the one that is wanted; without the number of the build, any build."""
    return wanted in (have, have.rsplit("-", 1)[0])


def source(wish, lists, files):
    """Finds where a version comes from: what the lists have, or a file that pacman keeps."""
    status, out, _ = plan.ask("pacman", "-Sdd", *PRINT + (wish.name,))
    offered = [version for name, version in listed(out) if name == wish.name]
    if not status and any(same(version, wish.version) for version in offered):
        lists.append(wish.name)
        return
    cached = []
    for folder in plan.ask("pacman-conf", "CacheDir")[1].splitlines():
        for path in packages.within(folder.rstrip("/"))[1:]:
            parts = re.match(r"(.+)-([^-]+-[^-]+)-[^-]+\.pkg\.tar(\.[a-z0-9]+)?\Z", os.path.basename(path))
            if parts and parts.group(1) == wish.name and same(parts.group(2), wish.version):
                cached.append(path)
    if not cached:
        raise RuntimeError("%s is to be had neither from the lists, which have %s, nor from pacman's cache"
                           % (wish, " and ".join(offered) or "no such package"))
    files.append(max(cached))


def change(verb, words, check):
    """What pacman would do, as lines of a diff by name; done too, unless `check`."""
    keep = ["--needed"] if verb == "-S" else []
    steps = printed(verb, *keep + words)
    before = installed(name for name, _ in steps)
    if verb == "-S" and steps:
        old = plan.ask("pacman", "-Qu")[1].splitlines()
        old = [line.split()[0] for line in old if line and line.split()[0] not in dict(steps)]
        if old:
            core.warn("%d packages are older than pacman's lists, such as %s: to install others beside them is a partial upgrade, "
                      "which is not supported; Pacman.upgrade() brings all up to date" % (len(old), old[0]))
    if steps and not check:
        tool.need_root("pacman %s" % verb)
        run(verb, *keep + words)
    word = "remove" if verb == "-R" else "install"
    return [(name, ("" if verb == "-R" else version, told(word, name, before.get(name), version))) for name, version in steps]


def told(verb, name, old, new):
    return "%s %s %s\n" % (verb, name, "%s -> %s" % (old, new) if verb == "install" and old not in (None, new) else new)


def printed(verb, *words):
    """(name, version) of all that a command would install or remove."""
    status, out, errors = plan.ask("pacman", "--noconfirm", verb, *PRINT + words)
    if status:
        raise plan.failed("pacman %s %s" % (verb, " ".join(words)), status, out, errors)
    return listed(out)


def listed(out):
    """Those of the lines that stand for a step."""
    return [tuple(line.split(" ")[1:3]) for line in out.splitlines() if line.startswith("step ")]


def run(verb, *words):
    """Runs pacman, which gives up at once where another holds its lock: that one is waited for."""
    what = "pacman " + " ".join((verb,) + words)
    end = child.clock() + packages.PATIENCE
    while os.path.exists(LOCK) and child.clock() < end and anybody():
        child.pause(0.5)
    status, out, errors = plan.ask("pacman", "--noconfirm", "--noprogressbar", "--color", "never", verb, *words)
    if "unable to lock database" in errors and not anybody():
        errors += "\nno pacman runs on this host: the lock was left behind by one that was killed; remove " + LOCK
    # A script that failed is told, and no more.
    if status or "error:" in errors:
        raise plan.failed(what, status, errors)


def anybody():
    """Whether a pacman runs here."""
    for number in os.listdir("/proc"):
        try:
            with open("/proc/%d/comm" % int(number)) as file:
                if file.read().strip() == "pacman":
                    return True
        except (IOError, OSError, ValueError):
            pass  # no process, or no longer
    return False


def installed(names):
    """The versions of those that are installed, by name."""
    names = set(names)
    lines = plan.ask("pacman", "-Q", "--", *sorted(names))[1].splitlines() if names else []
    return {line.split(" ")[0]: line.split(" ")[1] for line in lines if line.split(" ")[0] in names}


def result(name, own, then, steps, check):
    """What became of one package. `own` names others that are there for its sake."""
    mine = [step for step in steps if step[0] == name or step[0] in own]
    version = then.get(name, "")
    for step, (new, _) in mine:
        if check and step == name:
            version = new
    return Result(name, bool(mine), version, "".join(line for _, (_, line) in mine))
