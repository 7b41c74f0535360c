"""Service, on a host whose process 1 is systemd."""
PLACES = ("/etc/systemd", "/usr/lib/systemd/system")
UNITS = "/usr/lib/systemd/system/"
SLEEP = "[Service]\nExecStart=/bin/sleep infinity\nExecReload=/bin/true\n%s"
INSTALL = "[Install]\nWantedBy=multi-user.target\n"


def reset():
    for name in ("plain", "fixed", "failing"):
        subprocess.call("systemctl unmask tool-%s; systemctl disable --now tool-%s" % (name, name), shell=True,
                        stdout=open(os.devnull, "w"), stderr=subprocess.STDOUT)
    write(UNITS + "tool-plain.service", SLEEP % INSTALL)
    write(UNITS + "tool-fixed.service", SLEEP % "")
    write(UNITS + "tool-failing.service", "[Service]\nType=oneshot\nExecStart=/bin/false\n")
    Service.daemon_reload()
    subprocess.call(["systemctl", "reset-failed"])


def pid():
    return sh("systemctl show --property MainPID tool-plain")


def main():
    reset()
    now = Service.status("tool-plain")
    same((now.name, now.started, now.enabled, now.changed), ("tool-plain", False, False, False))
    same((now.state, now.unit_file), ("inactive", "disabled"))

    same(thrice(Service.start, "tool-plain").started, True)
    same(sh("systemctl is-active tool-plain"), "active")
    same(thrice(Service.enable, "tool-plain").enabled, True)
    same(sh("systemctl is-enabled tool-plain"), "enabled")
    same(thrice(Service.disable, "tool-plain").enabled, False)
    same(thrice(Service.stop, "tool-plain").started, False)

    done = thrice(Service.converge, "tool-plain")
    same((done.started, done.enabled), (True, True))
    done = thrice(Service.converge, "tool-plain", started=None, enabled=False)
    same((done.started, done.enabled), (True, False))
    done = thrice(Service.converge, "tool-plain", started=False, enabled=True)
    same((done.started, done.enabled), (False, True))
    same(thrice(Service.converge, "tool-plain", started=True).started, True)

    first = pid()
    same(Service.restart("tool-plain", check=True).changed, True)
    same(pid(), first)
    same(Service.reload("tool-plain").changed, True)
    same(pid(), first)
    done = Service.restart("tool-plain")
    same((done.changed, done.started, pid() != first), (True, True, True))
    fails(RuntimeError, ["systemctl reload 'tool-fixed' failed", "not active"], Service.reload, "tool-fixed")

    # Units that nobody can enable, that are masked, that fail, that are not there.
    same((Service.enable("tool-fixed").changed, Service.status("tool-fixed").unit_file), (False, "static"))
    fails(RuntimeError, ["cannot be disabled", "static"], Service.disable, "tool-fixed")
    same(thrice(Service.mask, "tool-fixed").unit_file, "masked")
    same(Service.status("tool-fixed").state, "masked")
    fails(RuntimeError, ["systemctl start 'tool-fixed' failed", "masked"], Service.start, "tool-fixed")
    same(thrice(Service.unmask, "tool-fixed").unit_file, "static")
    fails(RuntimeError, ["systemctl start 'tool-failing' failed", "status=1/FAILURE"], Service.start, "tool-failing")
    same((Service.status("tool-failing").state, Service.status("tool-failing").started), ("failed", False))
    fails(RuntimeError, ["systemctl start 'tool-absent' failed (exit code 5)", "not found"], Service.start, "tool-absent")
    same((Service.stop("tool-absent").changed, Service.status("tool-absent").state), (False, "not-found"))
    for name in ("", "-x", "tool-*", "a b"):
        fails(ValueError, ["no name of a unit"], Service.status, name)
    reset()
    return "good"


main() if os.path.isdir("/run/systemd/system") else "no systemd"
