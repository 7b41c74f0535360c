"""Pacman and PacmanRepository, with the repository in /srv/fleet/pacman."""
PLACES = ("/etc/pacman.conf", "/etc/pacman.d", "/var/lib/pacman", "/var/cache/pacman")
REPOSITORY = "file:///srv/fleet/pacman"
CONFIG, LOCK, CACHE = "/etc/pacman.conf", "/var/lib/pacman/db.lck", "/var/cache/pacman/pkg/"
ABSENT, LATEST = Pacman.State.ABSENT, Pacman.State.LATEST


def version(name):
    words = subprocess.Popen(["pacman", "-Q", name], stdout=subprocess.PIPE, stderr=subprocess.PIPE).communicate()[0].decode("ascii")
    return words.split(" ")[1].strip() if words else ""


def reset():
    sh("rm -f %s %s*; pacman --noconfirm -Rdd $(pacman -Qq) >/dev/null 2>&1; rm -rf /var/lib/pacman/sync /var/lib/pacman/.hailer* "
       "/etc/pacman.d" % (LOCK, CACHE))
    for name in ("fleet", "other", "third"):
        PacmanRepository.absent(name)


def repository():
    first = read(CONFIG)
    done = thrice(PacmanRepository.present, "fleet", servers=["https://example.invalid/$repo", REPOSITORY], sig_level="Never")
    same((done.name, sh("pacman-conf --repo-list")), ("fleet", "fleet"))
    same(sh("pacman-conf --repo fleet Server").splitlines(), ["https://example.invalid/fleet", REPOSITORY])
    same(read(CONFIG).startswith(first), True)
    thrice(PacmanRepository.present, "other", servers=["https://example.invalid"])
    holds(read(CONFIG), "[other]\nSigLevel = Optional TrustAll\nServer = https://example.invalid\n")
    # In the middle of the file, with remarks that belong to the next one; a commented section is none.
    write(CONFIG, read(CONFIG) + "\n# about third\n#[fleet]\n[third]\nInclude = /etc/pacman.d/list\n")
    os.mkdir("/etc/pacman.d")
    write("/etc/pacman.d/list", "Server = https://example.invalid/third\n")
    thrice(PacmanRepository.present, "fleet", servers=[REPOSITORY], sig_level="Never")
    same(PacmanRepository.present("other", ["https://example.invalid"]).changed, False)
    holds(read(CONFIG), "[fleet]\nSigLevel = Never\nServer = %s\n\n[other]\n" % REPOSITORY, "\n\n# about third\n#[fleet]\n[third]\nInclude")
    thrice(PacmanRepository.absent, "other")
    same(sh("pacman-conf --repo-list").split(), ["fleet", "third"])
    thrice(PacmanRepository.absent, "third")
    os.chmod(CONFIG, 0o640)
    thrice(PacmanRepository.present, "fleet", servers=[REPOSITORY], sig_level="Never TrustAll")
    same(os.stat(CONFIG).st_mode & 0o777, 0o640)
    os.chmod(CONFIG, 0o644)
    PacmanRepository.present("fleet", [REPOSITORY], sig_level="Never")
    kept = read(CONFIG)
    fails(RuntimeError, ["invalid value for 'SigLevel'"], PacmanRepository.present, "fleet", [REPOSITORY], sig_level="Sometimes")
    for bad in ("", "options", "a]b", "a\nb"):
        fails(ValueError, ["no name of a repository"], PacmanRepository.present, bad, [REPOSITORY])
    for bad in ([], ["a b"], ["x\n[y]"]):
        fails(ValueError, ["no server holds a blank"], PacmanRepository.present, "fleet", bad)
    same(read(CONFIG), kept)
    thrice(PacmanRepository.key, "fleet.gpg", b"\x98key")
    same(open("/etc/pacman.d/fleet.gpg", "rb").read(), b"\x98key")
    fails(ValueError, [], PacmanRepository.key, "../x", b"key")


def packages():
    fails(RuntimeError, ["hello-pac"], Pacman.package, "hello-pac")
    same((Pacman.update(3600, check=True), Pacman.update(3600), Pacman.update(3600), Pacman.update()), (True, True, False, True))
    same(thrice(Pacman.package, "app-pac").diff, "install lib-pac 1.1-1\ninstall app-pac 0.5-1\n")
    same((version("app-pac"), version("lib-pac")), ("0.5-1", "1.1-1"))
    # A version that is named is kept to: from the cache where the lists have another one.
    fails(RuntimeError, ["hello-pac=1.0", "the lists, which have 2.0-1", "cache"], Pacman.package, "hello-pac=1.0")
    sh("cp /srv/fleet/pacman/hello-pac-1.0-1-any.pkg.tar.gz " + CACHE)
    same(thrice(Pacman.package, "hello-pac=1.0").version, "1.0-1")
    same((version("hello-pac"), Pacman.package("hello-pac").changed), ("1.0-1", False))
    same([one.diff for one in Pacman.upgrade(check=True)], ["install hello-pac 1.0-1 -> 2.0-1\n"])
    same(([one.version for one in Pacman.upgrade()], Pacman.upgrade()), (["2.0-1"], []))
    thrice(Pacman.package, Pacman.Package("hello-pac", version="1.0-1"))
    same(thrice(Pacman.package, "hello-pac", LATEST).version, "2.0-1")
    same(Pacman.package("hello-pac=2.0").changed, False)
    # A script that fails is an error, though pacman ends well.
    fails(RuntimeError, ["pacman -S --needed broken-pac", "failed to execute"], Pacman.package, "broken-pac")
    fails(RuntimeError, ["target not found: nope-pac"], Pacman.package, "nope-pac")
    same(Pacman.package("nope-pac", ABSENT).changed, False)
    fails(RuntimeError, ["required by app-pac"], Pacman.package, "lib-pac", ABSENT)
    same(version("lib-pac"), "1.1-1")
    wanted = [Pacman.Package("app-pac", ABSENT), "hello-pac=1.0", Pacman.Package("lib-pac", ABSENT), "nope-pac"]
    would = Pacman.converge(*wanted[:3], check=True)
    same([(one.name, one.changed, one.version) for one in would], [("app-pac", True, ""), ("hello-pac", True, "1.0-1"), ("lib-pac", True, "")])
    same(version("app-pac"), "0.5-1")
    same(Pacman.converge(*wanted[:3]), would)
    same((version("app-pac"), version("hello-pac"), version("lib-pac")), ("", "1.0-1", ""))
    same([one.changed for one in Pacman.converge(*wanted[:3])], [False] * 3)
    same([one.changed for one in Pacman.converge("fleetgroup", "lib-pac")], [True, True])
    same([one.changed for one in Pacman.converge("fleetgroup", "lib-pac")], [False, False])
    for bad in ("", "-y", "a b", "hello-pac=1 2"):
        fails(ValueError, ["no name of a package"], Pacman.package, bad)


def locked():
    """A lock of one that was killed is told; that of one that runs is waited for."""
    Pacman.package("app-pac", ABSENT)
    write(LOCK, "")
    fails(RuntimeError, ["unable to lock database", "no pacman runs", LOCK], Pacman.package, "app-pac")
    sh("cp /bin/sleep /tmp/pacman")
    holder = subprocess.Popen(["/tmp/pacman", "600"])
    waits(lambda: same(Pacman.package("app-pac").changed, True), lambda: (os.unlink(LOCK), holder.kill(), holder.wait()))
    os.unlink("/tmp/pacman")


reset()
repository()
packages()
locked()
reset()
"good"
