"""User: people and groups, as getent sees them."""
PLACES = ("/etc/passwd", "/etc/shadow", "/etc/group", "/etc/gshadow", "/home")


def reset():
    for name in ("tool-bob", "tool-sys"):
        subprocess.call("userdel --remove %s 2>/dev/null" % name, shell=True)
    for name in ("tool-bob", "tool-sys", "tool-group"):
        subprocess.call("groupdel %s 2>/dev/null" % name, shell=True)
    sh("rm -rf /home/tool-*")


def entry():
    return sh("getent passwd tool-bob").split(":")


def main():
    reset()
    done = thrice(User.present, "tool-bob", uid=3001, comment="Bob, the Builder's friend", groups=["users", "games"])
    same((done.name, done.uid, done.gid, done.home, done.shell), ("tool-bob", 3001, 3001, "/home/tool-bob", "/bin/bash"))
    same(entry()[2:], ["3001", "3001", "Bob, the Builder's friend", "/home/tool-bob", "/bin/bash"])
    same(sorted(sh("id -nG tool-bob").split()), ["games", "tool-bob", "users"])
    same(os.path.isdir("/home/tool-bob"), True)

    # Each property of one who is there.
    same(User.present("tool-bob").changed, False)
    thrice(User.present, "tool-bob", uid=3002)
    thrice(User.present, "tool-bob", comment="Bob")
    write("/home/tool-bob/kept", "")
    done = thrice(User.present, "tool-bob", home="/home/tool-robert", shell="/bin/sh")
    same(entry()[2:], ["3002", "3001", "Bob", "/home/tool-robert", "/bin/sh"])
    same(os.path.exists("/home/tool-robert/kept"), True)
    same(User.present("tool-bob", shell=None).changed, False)
    same(thrice(User.present, "tool-bob", shell=None, gid="users").gid, 100)
    same(User.present("tool-bob", shell=None, gid=100, groups=["users"]).changed, False)

    # Groups are added, or are these and no others.
    same(User.present("tool-bob", shell=None, groups=[]).changed, False)
    same(User.present("tool-bob", shell=None, groups=["games"]).changed, False)
    thrice(User.present, "tool-bob", shell=None, groups=["audio"])
    same(sorted(sh("id -nG tool-bob").split()), ["audio", "games", "users"])
    thrice(User.present, "tool-bob", shell=None, groups=["audio"], append_groups=False)
    same(sorted(sh("id -nG tool-bob").split()), ["audio", "users"])
    thrice(User.present, "tool-bob", shell=None, groups=[], append_groups=False)
    same(sh("id -nG tool-bob"), "users")
    fails(RuntimeError, ["usermod 'tool-bob' failed", "tool-nope"], User.present, "tool-bob", groups=["tool-nope"])
    fails(RuntimeError, ["useradd 'tool-sys' failed", "3002"], User.present, "tool-sys", uid=3002)

    done = thrice(User.group_present, "tool-group", gid=3100)
    same((done.name, done.gid, sh("getent group tool-group").split(":")[2]), ("tool-group", 3100, "3100"))
    same(thrice(User.group_present, "tool-group", gid=3101).gid, 3101)
    same((User.group_present("tool-group").changed, User.group_present("tool-group").gid), (False, 3101))
    thrice(User.group_absent, "tool-group")
    # A group of that name is there already: the new one gets it.
    User.group_present("tool-sys", system=True)
    done = thrice(User.present, "tool-sys", system=True, shell="/usr/sbin/nologin")
    same((done.uid < 1000, done.shell, os.path.exists("/home/tool-sys")), (True, "/usr/sbin/nologin", False))
    thrice(User.absent, "tool-sys")

    thrice(User.absent, "tool-bob", remove_home=True)
    same((os.path.exists("/home/tool-robert"), bool(User.absent("tool-bob"))), (False, False))
    for name in ("", "-x", "a:b", "a b", "a\nb"):
        fails(ValueError, ["no name of a user"], User.present, name)
    reset()
    return "good"


main()
