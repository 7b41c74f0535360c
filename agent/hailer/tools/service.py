"""Service: units of systemd. `core` is the agent's own namespace."""
import os

plan = core.module("hailer.plan")
tool = core.module("hailer.tool")

STARTED = ("active", "reloading")  # what `systemctl is-active` calls so
ENABLED = ("enabled", "enabled-runtime", "static", "alias", "indirect", "generated")  # `systemctl is-enabled`, too
FIXED = ("static", "indirect", "transient", "alias")  # nothing that one could disable
WORDS = ("LoadState", "ActiveState", "UnitFileState")

# `state` and `unit_file` are systemd's own words: "active", "failed", "not-found", "masked" and their like; "enabled",
# "static" and their like, or "".
Result = tool.record(__name__, "Result", "name started enabled changed state unit_file diff", tool.Truth)


class State(object):
    STARTED, STOPPED, RESTARTED, RELOADED = range(4)


class Service(tool.Tool):
    """Units of systemd. A name without a suffix is that of a service. `check=True` tells, and does nothing.

    What fails is a RuntimeError with systemctl's words. `changed` is whether something was done.
    """

    State = State
    Result = Result

    @staticmethod
    def status(name):
        """How a unit is: whether it runs, and whether it starts with the host."""
        return Steps(name, True).result()

    @staticmethod
    def start(name, check=False):
        """Starts a unit that does not run."""
        return Steps(name, check).start().result()

    @staticmethod
    def stop(name, check=False):
        """Stops a unit that runs, or is about to."""
        return Steps(name, check).stop().result()

    @staticmethod
    def restart(name, check=False):
        """Stops and starts a unit; starts one that does not run."""
        return Steps(name, check).act("restart").result(started=True)

    @staticmethod
    def reload(name, check=False):
        """Has a unit that runs read its configuration anew."""
        return Steps(name, check).act("reload").result()

    @staticmethod
    def enable(name, check=False):
        """Has a unit start with the host."""
        return Steps(name, check).enable().result()

    @staticmethod
    def disable(name, check=False):
        """Has a unit not start with the host."""
        return Steps(name, check).disable().result()

    @staticmethod
    def mask(name, check=False):
        """Has nothing start a unit any more; one that runs goes on."""
        steps = Steps(name, check)
        if steps.unit_file not in ("masked", "masked-runtime"):
            steps.act("mask")
        return steps.result()

    @staticmethod
    def unmask(name, check=False):
        """Undoes mask()."""
        steps = Steps(name, check)
        if steps.unit_file in ("masked", "masked-runtime"):
            steps.act("unmask")
        return steps.result()

    @staticmethod
    def daemon_reload(check=False):
        """Has systemd read all unit files anew."""
        systemctl = found()
        tool.need_root("systemctl daemon-reload")
        plan.Plan(check).run("systemctl daemon-reload", systemctl, "--no-ask-password", "daemon-reload")

    @staticmethod
    def converge(name, started=True, enabled=True, check=False):
        """Sees to both: whether a unit starts with the host, then whether it runs. None leaves one as it is."""
        steps = Steps(name, check)
        if enabled is not None:
            steps.enable() if enabled else steps.disable()
        if started is not None:
            steps.start() if started else steps.stop()
        return steps.result()


def found():
    """The path of systemctl, on a host that runs systemd."""
    systemctl = tool.need_program("systemctl", "Service")
    if not os.path.isdir("/run/systemd/system"):
        try:
            with open("/proc/1/comm") as file:
                first = file.read().strip()
        except (IOError, OSError):
            first = "unknown"
        raise tool.Unsupported("Service needs systemd as process 1; on this host (%s) it is %s" % (tool.system(), first))
    return systemctl


class Steps(object):
    """A unit as it is, and what is done to it."""

    def __init__(self, name, check):
        if not name or name.startswith("-") or any(c in "*?[]" or c.isspace() for c in name):
            raise ValueError("%r is no name of a unit" % (name,))
        self.name, self.systemctl = name, found()
        self.plan = plan.Plan(check)
        self.look()

    def look(self):
        command = [self.systemctl, "--no-pager", "show"] + ["--property=" + word for word in WORDS] + ["--", self.name]
        status, out, errors = plan.ask(*command)
        if status:
            raise plan.failed("systemctl show %r" % self.name, status, errors)
        words = dict(line.split("=", 1) for line in out.splitlines() if "=" in line)
        loaded, active, self.unit_file = [words.get(word, "") for word in WORDS]
        self.started, self.enabled = active in STARTED, self.unit_file in ENABLED
        if self.unit_file == "generated":  # by an init script: its links tell
            self.enabled = plan.ask(self.systemctl, "is-enabled", "--quiet", "--", self.name)[0] == 0
        self.idle = active in ("inactive", "failed", "")
        self.state = active if loaded == "loaded" or not self.idle else loaded

    def act(self, verb):
        if not self.plan.check:
            tool.need_root("systemctl %s" % verb)
        try:
            self.plan.run("systemctl %s %r" % (verb, self.name), self.systemctl, "--no-ask-password", verb, "--", self.name)
        except RuntimeError as error:
            # What the unit itself said tells more than systemctl does.
            _, out, _ = plan.ask(self.systemctl, "--no-pager", "--full", "--lines=10", "status", "--", self.name)
            raise RuntimeError("%s\n%s" % (error, out) if out else str(error))
        if not self.plan.check:
            self.look()
        return self

    def start(self):
        if not self.started:
            self.act("start")
            self.started = self.started or self.plan.check
        return self

    def stop(self):
        if not self.idle:
            self.act("stop")
            self.started = self.started and not self.plan.check
        return self

    def enable(self):
        if not self.enabled:
            self.act("enable")
            self.enabled = self.enabled or self.plan.check
        return self

    def disable(self):
        if not self.enabled:
            return self
        if self.unit_file in FIXED:
            raise RuntimeError("%r cannot be disabled, as it is %s: others start it. Service.mask() keeps all from that"
                               % (self.name, self.unit_file))
        self.act("disable")
        self.enabled = self.enabled and not self.plan.check
        return self

    def result(self, started=None):
        if started is not None and self.plan.check:
            self.started = started
        return Result(self.name, self.started, self.enabled, self.plan.changed, self.state, self.unit_file,
                      self.plan.diff)
