"""User: people, groups, sudo, authorized_keys. `core` is the agent's own namespace."""
import grp
import os
import pwd
import re

plan = core.module("hailer.plan")
tool = core.module("hailer.tool")

Result = tool.record(__name__, "Result", "name uid gid home shell changed diff", tool.Truth)
GroupResult = tool.record(__name__, "GroupResult", "name gid changed diff", tool.Truth)
# What may stand in a rule of sudo and in a file's name: no blank, no separator, no word of sudo's own grammar.
NAME = re.compile(r"%?[A-Za-z_][A-Za-z0-9_.@-]*\$?\Z")


class User(tool.Tool):
    """People and groups of a host, by the programs of the package shadow. `check=True` tells, and does nothing.

    What fails is a RuntimeError with that program's words. `changed` is whether something was done.
    """

    Result = Result
    GroupResult = GroupResult

    @staticmethod
    def present(name, uid=None, gid=None, comment="", home=None, shell="/bin/bash", groups=None, append_groups=True,
                system=False, create_home=True, check=False):
        """Sees to it that a person is there, and is so. A gid is a number or a group's name.

        None and "" leave a property as it is, or to useradd. Groups are added to those that there are, or with
        `append_groups=False` replace them. `system` and `create_home` count when the person is made; a new home takes
        what lies in the old one along.
        """
        steps = plan.Plan(check)
        old = person(name)
        groups = [groups] if isinstance(groups, (str, type(u""))) else groups
        gid = int(gid) if gid is not None and ("%s" % (gid,)).isdigit() else gid
        if old is None:
            command = create(name, uid, gid, comment, home, shell, groups, system, create_home)
        else:
            command = modify(old, uid, gid, comment, home, shell, groups, append_groups)
        if command:
            run(steps, name, *command)
        new = person(name)
        if new is None:  # not made, as `check` wants it
            return Result(name, uid, None, home, shell, True, steps.diff)
        return Result(name, new.pw_uid, new.pw_gid, new.pw_dir, new.pw_shell, steps.changed, steps.diff)

    @staticmethod
    def absent(name, remove_home=False, check=False):
        """Sees to it that a person is gone, with `remove_home` the home and the mail too. Returns whether one was there."""
        steps = plan.Plan(check)
        if person(name) is not None:
            run(steps, name, "userdel", *(["--remove"] if remove_home else []))
        return steps.result(name)

    @staticmethod
    def group_present(name, gid=None, system=False, check=False):
        """Sees to it that a group is there, with this number if one is given."""
        steps = plan.Plan(check)
        old = group(name)
        if old is None:
            number = ["--gid", str(int(gid))] if gid is not None else []
            run(steps, name, "groupadd", *number + (["--system"] if system else []))
        elif gid is not None and old.gr_gid != int(gid):
            run(steps, name, "groupmod", "--gid", str(int(gid)))
        new = group(name)
        return GroupResult(name, new.gr_gid if new else gid, steps.changed, steps.diff)

    @staticmethod
    def group_absent(name, check=False):
        """Sees to it that a group is gone. Returns whether it was there."""
        steps = plan.Plan(check)
        if group(name) is not None:
            run(steps, name, "groupdel")
        return steps.result(name)

    @staticmethod
    def authorized_key(name, key, exclusive=False, absent=False, check=False):
        """Sees to it that a key may log in as this person; with `exclusive` no other one may; with `absent` it may not.

        `key` is a line of authorized_keys, or several. A key is told by what it is, not by its options and its comment:
        a line of the same key is replaced. Returns whether something changed.
        """
        who = person(name)
        if who is None:
            raise KeyError("no user %r" % (name,))
        steps = plan.Plan(check)
        core.module("hailer.keys").settle(steps, who, key, exclusive, absent)
        return steps.result(name)

    @staticmethod
    def sudoer(name, nopasswd=True, absent=False, check=False):
        """Lets a person, or a %group, do anything by sudo, or with `absent` no longer. Returns whether something changed.

        The rule stands in a file of its own below /etc/sudoers.d, and is put there only if visudo finds it good.
        """
        if not NAME.match(name) or name.strip("%") == "ALL":
            raise ValueError("%r is no name that a rule of sudo can be made for" % (name,))
        steps = plan.Plan(check)
        visudo = tool.need_program("visudo", "User.sudoer")
        tool.need_root("User.sudoer")
        # sudo reads no file with a point or a ~ in its name.
        path = "/etc/sudoers.d/" + re.sub(r"[^A-Za-z0-9_-]", lambda found: "_%02x" % ord(found.group()), name)
        if absent:
            steps.remove(path)
            return steps.result(name)
        # In quotes a name is a name, even where it looks like one of sudo's aliases.
        word = '"%s"' % name if name[0] != "%" and (name.isupper() or "@" in name) else name
        rule = ("%s ALL=(ALL) %sALL\n" % (word, "NOPASSWD: " if nopasswd else "")).encode("ascii")
        done = plan.process(visudo, "-c", "-f", "-", stdin=rule, capture_output=True, env=plan.environment())
        if done.returncode:
            raise plan.failed("visudo of %r" % rule, done.returncode, core.native(done.stderr), core.native(done.stdout))
        steps.write(path, rule, 0o440)
        return steps.result(name)


def person(name):
    """The entry of a person, from wherever this host knows people; or None."""
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def group(name):
    try:
        return grp.getgrnam(name)
    except KeyError:
        return None


def run(steps, name, program, *options):
    """Runs one of shadow's programs on a person or a group."""
    path = tool.need_program(program, "User")
    if not name or name.startswith("-") or any(c in ":,/\n" or c.isspace() for c in name):
        raise ValueError("%r is no name of a user or a group" % (name,))
    if not steps.check:
        tool.need_root(program)
    steps.run("%s %r" % (program, name), path, *options + (name,))


def create(name, uid, gid, comment, home, shell, groups, system, create_home):
    """useradd and its options."""
    command = ["useradd"]
    for option, value in (("--uid", uid), ("--gid", gid), ("--comment", comment), ("--home-dir", home),
                          ("--shell", shell), ("--groups", ",".join(groups or ()))):
        if value not in (None, ""):
            command += [option, "%s" % (value,)]
    if gid is None and group(name) is not None:
        command += ["--gid", name]  # or useradd would refuse to make a group of that name
    if system:
        command.append("--system")
    return command + ["--create-home" if create_home and not system else "--no-create-home"]


def modify(old, uid, gid, comment, home, shell, groups, append_groups):
    """usermod and its options; [] where all is as it is to be."""
    command = []
    if gid is not None and gid != old.pw_gid:
        found = group(gid) if not isinstance(gid, int) else None
        if found is None or found.gr_gid != old.pw_gid:
            command += ["--gid", "%s" % (gid,)]
    if uid is not None and int(uid) != old.pw_uid:
        command += ["--uid", str(int(uid))]
    if comment and comment != old.pw_gecos:
        command += ["--comment", comment]
    if home and home.rstrip("/") != old.pw_dir.rstrip("/"):
        command += ["--home", home] + (["--move-home"] if os.path.isdir(old.pw_dir) else [])
    if shell and shell != old.pw_shell:
        command += ["--shell", shell]
    if groups is not None:
        now = {found.gr_name for found in grp.getgrall() if old.pw_name in found.gr_mem}
        # Nobody need stand in the list of the group that is theirs anyway.
        wanted = {word for word in groups if not group(word) or group(word).gr_gid != old.pw_gid or word in now}
        if append_groups and not wanted <= now:
            command += ["--append", "--groups", ",".join(sorted(wanted - now))]
        elif not append_groups and wanted != now:
            command += ["--groups", ",".join(sorted(wanted))]
    return ["usermod"] + command if command else []
