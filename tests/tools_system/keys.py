"""User.authorized_key and User.sudoer, as ssh-keygen, visudo and sudo see them."""
PLACES = ("/etc/sudoers.d", "/home")
RULES = "/etc/sudoers.d/"
SSH = "/home/tool-ann/.ssh"
FILE = SSH + "/authorized_keys"


def reset():
    subprocess.call("userdel --remove tool-ann 2>/dev/null; rm -rf /home/tool-ann", shell=True)
    sh("rm -f %stool* %sTOOL*" % (RULES, RULES))
    User.present("tool-ann")


def key(comment, kind="ed25519"):
    sh("rm -f /tmp/tool-key*; ssh-keygen -q -t %s -N '' -C '%s' -f /tmp/tool-key" % (kind, comment))
    return read("/tmp/tool-key.pub").strip()


def keys():
    main, second, third = key("ann@one"), key("ann@two", "ecdsa"), key("with a blank")
    who = os.stat("/home/tool-ann")
    done = thrice(User.authorized_key, "tool-ann", main)
    same((bool(done), read(FILE)), (True, main + "\n"))
    for path, mode in ((SSH, 0o700), (FILE, 0o600)):
        status = os.stat(path)
        same((status.st_mode & 0o7777, status.st_uid, status.st_gid), (mode, who.st_uid, who.st_gid))
    # A last line without its end, a remark, the same key with options or another comment.
    write(FILE, "# mine\n" + main, 0o600)
    thrice(User.authorized_key, "tool-ann", second)
    same(read(FILE), "# mine\n%s\n%s\n" % (main, second))
    strict = 'from="10.0.0.0/8",command="echo \\"a b\\"" ' + main
    thrice(User.authorized_key, "tool-ann", strict)
    same(read(FILE), "# mine\n%s\n%s\n" % (strict, second))
    same(len(sh("ssh-keygen -l -f " + FILE).splitlines()), 2)
    thrice(User.authorized_key, "tool-ann", second + "\n" + third)
    thrice(User.authorized_key, "tool-ann", second, absent=True)
    same(read(FILE), "# mine\n%s\n%s\n" % (strict, third))
    thrice(User.authorized_key, "tool-ann", third, exclusive=True)
    same(read(FILE), third + "\n")
    os.chown(FILE, 0, 0)
    os.chmod(FILE, 0o666)
    thrice(User.authorized_key, "tool-ann", third)
    same((os.stat(FILE).st_uid, os.stat(FILE).st_mode & 0o777), (who.st_uid, 0o600))
    for bad in ("", "ssh-ed25519", "ssh-ed25519 !!!", third.replace("AAAA", "BBBB"), "command=x\nssh-rsa x"):
        fails(ValueError, ["no line of authorized_keys"], User.authorized_key, "tool-ann", bad)
    fails(KeyError, ["tool-nobody"], User.authorized_key, "tool-nobody", third)
    same(read(FILE), third + "\n")

    # Where somebody put links in our way, nothing is written to where they point.
    os.rename(SSH, SSH + ".kept")
    sh("mkdir /tmp/tool-trap; chmod 700 /tmp/tool-trap; ln -s /tmp/tool-trap %s" % SSH)
    fails(OSError, ["symbolic link", SSH], User.authorized_key, "tool-ann", main)
    same(os.listdir("/tmp/tool-trap"), [])
    os.unlink(SSH)
    os.rename(SSH + ".kept", SSH)
    write("/tmp/tool-trap/file", "untouched", 0o600)
    os.unlink(FILE)
    os.symlink("/tmp/tool-trap/file", FILE)
    fails(OSError, ["symbolic link", FILE], User.authorized_key, "tool-ann", main)
    os.unlink(FILE)
    os.link("/tmp/tool-trap/file", FILE)
    User.authorized_key("tool-ann", main)
    same((read("/tmp/tool-trap/file"), os.stat("/tmp/tool-trap/file").st_uid), ("untouched", 0))
    sh("rm -r /tmp/tool-trap; chmod 777 " + SSH)
    fails(OSError, ["others may write there"], User.authorized_key, "tool-ann", second)
    sh("rm -f /tmp/tool-key*")


def sudo():
    thrice(User.sudoer, "tool-ann")
    status = os.stat(RULES + "tool-ann")
    same((status.st_mode & 0o7777, status.st_uid, status.st_gid), (0o440, 0, 0))
    same(read(RULES + "tool-ann"), "tool-ann ALL=(ALL) NOPASSWD: ALL\n")
    holds(sh("sudo -l -U tool-ann"), "(ALL) NOPASSWD: ALL")
    same(sh("sudo -u tool-ann sudo -n id -u"), "0")
    thrice(User.sudoer, "tool-ann", nopasswd=False)
    holds(sh("sudo -l -U tool-ann"), "(ALL) ALL")
    os.chmod(RULES + "tool-ann", 0o444)
    thrice(User.sudoer, "tool-ann", nopasswd=False)
    thrice(User.sudoer, "tool-ann", absent=True)
    holds(sh("sudo -l -U tool-ann"), "not allowed to run sudo")
    # Names whose file sudo would not read, or that it would take for an alias: the rule counts all the same.
    for name in ("tool.ann", "TOOL_ANN", "%tool-ann"):
        if name[0] != "%":
            sh("useradd --badname '%s'" % name)
        thrice(User.sudoer, name)
        holds(sh("sudo -l -U '%s'" % ("tool-ann" if name[0] == "%" else name)), "(ALL) NOPASSWD: ALL")
        thrice(User.sudoer, name, absent=True)
        if name[0] != "%":
            sh("userdel '%s'" % name)
    for name in ("", "ALL", "a b", "a\nALL ALL=(ALL) ALL\n#", "../x", "a,b"):
        fails(ValueError, ["no name that a rule of sudo"], User.sudoer, name)
    sh("visudo -c")
    same([name for name in os.listdir(RULES) if "hailer" in name], [])


reset()
keys()
sudo()
reset()
User.absent("tool-ann", remove_home=True)
"good"
