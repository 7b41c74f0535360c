"""Apt: the packages of Debian and its kin. `core` is the agent's own namespace."""
import os
import re

child = core.module("hailer.child")
packages = core.module("hailer.packages")
plan = core.module("hailer.plan")
tool = core.module("hailer.tool")

State, Package, Result = packages.State, packages.Package, packages.Result

LISTS = "/var/lib/apt/lists"
STAMP = LISTS + "/.hailer-update"
SOURCES = ("/etc/apt/sources.list", "/etc/apt/sources.list.d", "/etc/apt/keyrings", "/etc/apt/trusted.gpg.d")
NAME = re.compile(r"[a-z0-9][a-z0-9+.-]*(:[a-z0-9-]+)?\Z")
VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+:~-]*\Z")
# Nobody is asked anything; a configuration file that somebody changed is kept.
QUIET = ("-q", "-y", "-o", "Dpkg::Options::=--force-confdef", "-o", "Dpkg::Options::=--force-confold",
         "-o", "DPkg::Lock::Timeout=%d" % packages.PATIENCE, "-o", "Dpkg::Use-Pty=0")
LOCKED = ("Could not get lock", "Unable to lock", "Unable to acquire the dpkg frontend lock")
# What an update that failed says, though it ends with 0, where apt is older than its Error-Mode.
STALE = re.compile(r"^(W|E): (.*GPG error|Failed to fetch|Some index files failed|An error occurred during the signature)", re.M)
# A line of a simulation: Inst name [old] (new origin [arch]) ...
STEP = re.compile(r"^(Inst|Remv|Purg|Conf) (\S+)(?: \[([^]]*)\])?(?: \((\S+))?", re.M)
NOISE = re.compile(r"^(Reading|Building|\(Reading) .*\n", re.M)
VERBS = {"Inst": "install", "Remv": "remove", "Purg": "purge", "Conf": "configure"}


class Apt(tool.Tool):
    """Packages of Debian and its kin, by apt-get. `check=True` tells, and does nothing.

    What fails is a RuntimeError with apt's words. `changed` is whether something was done. A package is a name,
    "name=version", or an Apt.Package; a version that is named is the one that is there afterwards, up or down.
    """

    State = State
    Package = Package
    Result = Result

    @staticmethod
    def update(ttl=-1, check=False):
        """Fetches the lists of packages, unless that was done less than `ttl` seconds ago. Returns whether it was done.

        A signature that is not good is an error, whatever apt-get makes of it.
        """
        tool.need_program("apt-get", "Apt")
        sources = [path for folder in SOURCES for path in packages.within(folder) or [folder] if os.path.exists(path)]
        # Where somebody emptied the folder, a stamp that stayed says nothing.
        if packages.fresh(STAMP, ttl, sources) and any("_" in name for name in os.listdir(LISTS)):
            return False
        if not check:
            tool.need_root("apt-get update")
            _, errors = run("-o", "APT::Update::Error-Mode=any", "update")
            if STALE.search(errors):
                raise plan.failed("apt-get update", 0, errors)
            packages.mark(STAMP)
        return True

    @staticmethod
    def package(package, state=None, check=False):
        """Sees to it that a package is there, is gone with its configuration, or is the newest there is.

        `state` is one of Apt.State, and by default what the Package says, or PRESENT.
        """
        return settle([package], state, check)[0]

    @staticmethod
    def converge(*wanted, **options):
        """Sees to several packages at once, as package() does: what goes goes first. Returns a list in their order."""
        return settle(wanted, None, tool.options(options, check=False)["check"])


def settle(wanted, state, check):
    """Does what is wished of some packages, and nothing where all is so. What apt refuses, it refuses before anything is done."""
    tool.need_program("apt-get", "Apt")
    wishes = packages.wishes(wanted, state, NAME, VERSION)
    now = installed(wish.name for wish in wishes)
    gone = [wish.name for wish in wishes if wish.state == State.ABSENT and now[wish.name][0]]
    there = [wish for wish in wishes if wish.state != State.ABSENT and not satisfied(wish, now[wish.name])]
    # A version that is named may be an older one; without one nothing goes down.
    down = ["--allow-downgrades"] if any(wish.version for wish in there) else []
    ways = [["purge"] + gone] if gone else []
    ways += [["install"] + down + [str(wish) for wish in there]] if there else []
    steps, own = [], {}
    for way in ways:
        steps += simulated(*way)
    for wish in there:
        if len(wishes) > 1 and not now[wish.name][0] and not any(concerns(step, wish.name) for step in steps):
            own[wish.name] = simulated("install", str(wish))  # another name of a package: which steps are its own?
    if steps and not check:
        tool.need_root("Apt")
        for way in ways:
            run(*way)
    names = [Package.parse(word).name for word in wanted]
    then = installed(names)
    return [result(name, steps if len(wishes) == 1 else own.get(name), then, steps, check) for name in names]


def concerns(step, name):
    return step[1].split(":")[0] == name.split(":")[0]


def satisfied(wish, now):
    """Whether nothing need be asked of apt to know that all is well."""
    status, version = now
    return wish.state == State.PRESENT and status == "installed" and wish.version in ("", version)


def simulated(*words):
    """What apt-get would do: (Inst, Conf, Remv or Purg, name, old version, new version) each."""
    return STEP.findall(run("--simulate", *words)[0])


def run(*words):
    """(output, errors) of apt-get, which waits while another holds a lock."""
    end = child.clock() + packages.PATIENCE
    while True:
        status, out, errors = plan.ask("apt-get", *QUIET + words, DEBIAN_FRONTEND="noninteractive", NEEDRESTART_MODE="l",
                                       APT_LISTCHANGES_FRONTEND="none", UCF_FORCE_CONFFOLD="1")
        if not status:
            return out, errors
        if child.clock() > end or not any(word in errors for word in LOCKED):
            what = [word for word in words if word != "--simulate"]
            said = NOISE.sub("", out) if "dpkg" in errors or "Depends" in out else ""
            raise plan.failed("apt-get " + " ".join(what), status, said, errors)
        child.pause(1)


def installed(names):
    """(status, version) of each by name: "installed", "" where nothing is left of it, or dpkg's word for how it is."""
    names = list(names)
    native = plan.ask("dpkg", "--print-architecture")[1].strip()
    words = sorted({name.split(":")[0] for name in names})
    show = "${Package} ${Architecture} ${db:Status-Status} ${Version}\n"
    out = plan.ask("dpkg-query", "--show", "--showformat", show, "--", *words)[1] if words else ""
    found = {}
    for line in out.splitlines():
        name, architecture, status, version = (line.split(" ") + [""])[:4]
        now = "" if status == "not-installed" else status, version
        if architecture in (native, "all"):
            found[name] = found["%s:%s" % (name, native)] = now
        found["%s:%s" % (name, architecture)] = now
    return {name: found.get(name, ("", "")) for name in names}


def result(name, own, then, steps, check):
    """What became of one package. `own` are the steps for its sake, where those are not the ones that name it."""
    mine = [step for step in steps if concerns(step, name)] if own is None else own
    status, version = then[name]
    version = version if status == "installed" else ""
    for step in mine:
        if check and concerns(step, name):
            version = step[3]
    fresh = [step[1] for step in mine if step[0] == "Inst"]
    diff = "".join("%s %s%s\n" % (VERBS[verb], step, versions(old, new))
                   for verb, step, old, new in mine if verb != "Conf" or step not in fresh)
    return Result(name, bool(mine), version, diff)


def versions(old, new):
    return " %s -> %s" % (old, new) if old and new else " " + (new or old) if new or old else ""
