"""Apt and AptRepository, with the signed repository in /srv/fleet/apt."""
PLACES = ("/etc/apt", "/etc/conf-fleet.conf", "/var/lib/dpkg", "/var/lib/apt")
REPOSITORY = "/srv/fleet/apt/"
NAMES = ("hello-fleet", "lib-fleet", "app-fleet", "needs-fleet", "conf-fleet", "broken-fleet", "unit-fleet")
ABSENT, LATEST = Apt.State.ABSENT, Apt.State.LATEST
FLEET = dict(uris=["file:" + REPOSITORY], suites=["stable"], components=["main"])


def status(name):
    """dpkg's own words for how a package is: "ii 1.0", or "" for none."""
    words = subprocess.Popen(["dpkg-query", "--show", "--showformat", "${db:Status-Abbrev}${Version}", name], stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE).communicate()[0].decode("ascii")
    return "" if words[:2] == "un" else words


def data(name):
    with open(REPOSITORY + name, "rb") as file:
        return file.read()


def reset():
    sh("dpkg --purge --force-all %s >/dev/null 2>&1; true" % " ".join(NAMES))
    sh("rm -rf /etc/apt/sources.list.d/* /etc/apt/keyrings/* /var/lib/apt/lists/* /var/lib/apt/lists/.h* /etc/conf-fleet.conf*")


def repository():
    thrice(AptRepository.key, "fleet.asc", data("key.asc"))
    same(data("key.asc"), open("/etc/apt/keyrings/fleet.asc", "rb").read())
    thrice(AptRepository.key, "fleet.gpg", data("key.gpg"))
    AptRepository.key("wrong.asc", data("wrong.asc"))
    fails(ValueError, [".asc"], AptRepository.key, "fleet.gpg", data("key.asc"))
    fails(ValueError, ["no public OpenPGP key"], AptRepository.key, "fleet.gpg", b"junk")
    for name in ("", "../x.asc", ".x.asc", "a b.asc", "a/b.asc"):
        fails(ValueError, ["no name of a file"], AptRepository.key, name, data("key.asc"))

    fails(RuntimeError, ["Unable to locate package hello-fleet"], Apt.package, "hello-fleet")
    done = thrice(AptRepository.present, "fleet", signed_by="/etc/apt/keyrings/fleet.asc", **FLEET)
    same(done.name, "fleet")
    same(read("/etc/apt/sources.list.d/fleet.sources"), "Types: deb\nURIs: file:/srv/fleet/apt/\nSuites: stable\nComponents: main\n"
         "Signed-By: /etc/apt/keyrings/fleet.asc\n")
    same(Apt.update(ttl=3600), True)
    same((Apt.update(ttl=3600), Apt.update(ttl=3600, check=True), Apt.update(check=True), Apt.update()), (False, False, True, True))
    # A signature by another key, or over other words, is an error; so is a key that is not there.
    AptRepository.present("fleet", signed_by="/etc/apt/keyrings/wrong.asc", **FLEET)
    fails(RuntimeError, ["failed (exit code 100)", "NO_PUBKEY"], Apt.update, ttl=3600)
    sh("rm -rf /tmp/tool-apt; cp -r %s /tmp/tool-apt; sed -i s/Fleet/Sweet/ /tmp/tool-apt/dists/stable/InRelease" % REPOSITORY)
    AptRepository.present("fleet", signed_by="/etc/apt/keyrings/fleet.asc", **dict(FLEET, uris=["file:/tmp/tool-apt"]))
    fails(RuntimeError, ["BADSIG"], Apt.update)
    fails(RuntimeError, ["tool-absent"], lambda: (AptRepository.present("more", **dict(FLEET, uris=["file:/tool-absent"])), Apt.update()))
    thrice(AptRepository.absent, "more")
    # The key itself, as the value of a field.
    thrice(AptRepository.present, "fleet", signed_by=data("key.asc").decode("ascii"), **FLEET)
    # Where a source changed, its lists are not fresh.
    same((Apt.update(ttl=3600), Apt.update(ttl=3600)), (True, False))
    sh("rm -rf /tmp/tool-apt /var/lib/apt/lists/*")
    same(Apt.update(ttl=3600), True)
    for bad in (dict(uris=["a b"]), dict(suites=["x\nTrusted: yes"]), dict(suites=[]), dict(signed_by="relative.asc")):
        fails(ValueError, [], AptRepository.present, "bad", **dict(FLEET, **bad))


def packages():
    done = thrice(Apt.package, "hello-fleet=1.0")
    same((done.name, done.version, done.diff, status("hello-fleet")), ("hello-fleet", "1.0", "install hello-fleet 1.0\n", "ii 1.0"))
    same(Apt.package("hello-fleet").changed, False)
    same(thrice(Apt.package, "hello-fleet", LATEST).diff, "install hello-fleet 1.0 -> 2.0\n")
    same(status("hello-fleet"), "ii 2.0")
    same(thrice(Apt.package, Apt.Package("hello-fleet", version="1.0")).version, "1.0")
    same(status("hello-fleet"), "ii 1.0")
    fails(RuntimeError, ["Version '3.0' for 'hello-fleet' was not found"], Apt.package, "hello-fleet=3.0")
    same(thrice(Apt.package, Apt.Package("hello-fleet", ABSENT)).version, "")
    same(status("hello-fleet"), "")
    same(Apt.package("nope-fleet", ABSENT).changed, False)
    fails(RuntimeError, ["Unable to locate package nope-fleet"], Apt.package, "nope-fleet")
    fails(RuntimeError, ["absent-fleet but it is not installable"], Apt.package, "needs-fleet")
    fails(RuntimeError, ["absent-fleet"], Apt.package, "needs-fleet", check=True)
    same(thrice(Apt.package, "fleet-application").diff, "install lib-fleet 1.1\ninstall app-fleet 0.5\n")
    same(Apt.package("lib-fleet:" + sh("dpkg --print-architecture")).changed, False)
    # What fails half-way stays an error until it is mended.
    for _ in range(2):
        fails(RuntimeError, ["it cannot be set up", "exit status 3"], Apt.package, "broken-fleet")
    same(status("broken-fleet"), "iF 1.0")
    thrice(Apt.package, "broken-fleet", ABSENT)
    # A configuration file that somebody changed is kept, and goes with the rest.
    Apt.package("conf-fleet=1.0")
    write("/etc/conf-fleet.conf", "a=mine\n")
    same(Apt.package("conf-fleet", LATEST).version, "2.0")
    same(read("/etc/conf-fleet.conf"), "a=mine\n")
    sh("apt-get remove -qq -y conf-fleet")
    same(status("conf-fleet"), "rc 2.0")
    thrice(Apt.package, "conf-fleet", ABSENT)
    same((status("conf-fleet"), os.path.exists("/etc/conf-fleet.conf")), ("", False))
    for bad in ("", "-y", "Bad Name", "a;b", "hello-fleet=1 2"):
        fails(ValueError, ["no name of a package"], Apt.package, bad)


def converge():
    wanted = ["conf-fleet=1.0", Apt.Package("app-fleet", ABSENT), "hello-fleet", Apt.Package.parse("lib-fleet", LATEST)]
    would = Apt.converge(*wanted, check=True)
    same([(one.name, one.changed, one.version) for one in would], [
        ("conf-fleet", True, "1.0"), ("app-fleet", True, ""), ("hello-fleet", True, "2.0"), ("lib-fleet", False, "1.1")])
    same([status(name) for name in ("conf-fleet", "app-fleet", "hello-fleet")], ["", "ii 0.5", ""])
    same(Apt.converge(*wanted), would)
    same([status(name) for name in ("conf-fleet", "app-fleet", "hello-fleet", "lib-fleet")], ["ii 1.0", "", "ii 2.0", "ii 1.1"])
    same([one.changed for one in Apt.converge(*wanted)], [False] * 4)
    # What another program installs meanwhile is seen.
    sh("apt-get purge -qq -y hello-fleet")
    same([one.changed for one in Apt.converge(*wanted)], [False, False, True, False])
    same([one.changed for one in Apt.converge("fleet-application", "hello-fleet")], [True, False])
    same([one.changed for one in Apt.converge("fleet-application", "hello-fleet")], [False, False])
    fails(ValueError, ["two things are wished of hello-fleet"], Apt.converge, "hello-fleet=1.0", "hello-fleet=2.0")
    # One that cannot be had keeps all from being touched.
    fails(RuntimeError, ["nope-fleet"], Apt.converge, Apt.Package("hello-fleet", ABSENT), "nope-fleet")
    same(status("hello-fleet"), "ii 2.0")


def locked():
    """Another holds apt's lock, and lets go after a while: it is waited for."""
    code = "import fcntl, sys; f = open('%s', 'w'); fcntl.lockf(f, fcntl.LOCK_EX); print(1); sys.stdin.read()"
    for path, work in (("/var/lib/apt/lists/lock", Apt.update), ("/var/lib/dpkg/lock-frontend", lambda: Apt.package("hello-fleet=1.0"))):
        holder = subprocess.Popen([sys.executable, "-u", "-c", code % path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        holder.stdout.readline()
        waits(work, holder.stdin.close)
        holder.wait()
        holder.stdout.close()


reset()
repository()
packages()
converge()
locked()
reset()
"good"
