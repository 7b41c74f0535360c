#!/usr/bin/env python3
"""Makes a signed apt repository and a pacman repository, of tiny packages, from nothing. Runs in the root file system.

    repositories.py FOLDER

    FOLDER/apt       for   Types: deb / URIs: file:FOLDER/apt / Suites: stable / Components: main / Signed-By: FOLDER/apt/key.asc
    FOLDER/apt/wrong.asc   a key that signed nothing
    FOLDER/pacman    for   [fleet] / SigLevel = Never / Server = file://FOLDER/pacman
"""
import gzip
import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile

UNIT = "[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n"
DEBS = [  # name, version, what it depends on, more fields, files, scripts and lists of its own
    ("hello-fleet", "1.0", "", "", {}, {}),
    ("hello-fleet", "2.0", "", "", {}, {}),
    ("lib-fleet", "1.1", "", "", {}, {}),
    ("app-fleet", "0.5", "lib-fleet (>= 1.0)", "Provides: fleet-application\n", {}, {}),
    ("needs-fleet", "1.0", "absent-fleet", "", {}, {}),
    ("conf-fleet", "1.0", "", "", {"etc/conf-fleet.conf": "a=1\n"}, {"conffiles": "/etc/conf-fleet.conf\n"}),
    ("conf-fleet", "2.0", "", "", {"etc/conf-fleet.conf": "a=2\n"}, {"conffiles": "/etc/conf-fleet.conf\n"}),
    ("broken-fleet", "1.0", "", "", {}, {"postinst": "#!/bin/sh\necho it cannot be set up\nexit 3\n"}),
    ("unit-fleet", "1.0", "", "", {"lib/systemd/system/unit-fleet.service": UNIT}, {}),
]
PACMAN = [  # name, version, depends, groups, files, install script
    ("hello-pac", "1.0-1", [], ["fleetgroup"], {"usr/share/hello-pac/version": "1.0\n"}, ""),
    ("hello-pac", "2.0-1", [], ["fleetgroup"], {"usr/share/hello-pac/version": "2.0\n"}, ""),
    ("lib-pac", "1.1-1", [], [], {"usr/share/lib-pac/version": "1.1\n"}, ""),
    ("app-pac", "0.5-1", ["lib-pac>=1.0"], ["fleetgroup"], {"usr/share/app-pac/version": "0.5\n"}, ""),
    ("broken-pac", "1.0-1", [], [], {}, "post_install() { exit 3; }\n"),
]
OLD = ("hello-pac", "1.0-1")  # a file in the folder that the database does not name


def write(path, data, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data if isinstance(data, bytes) else data.encode())
    os.chmod(path, mode)


def deb(pool, name, version, depends, more, files, own):
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        control = f"Package: {name}\nVersion: {version}\nArchitecture: all\nMaintainer: Fleet <fleet@example.invalid>\n"
        control += f"Depends: {depends}\n" if depends else ""
        control += f"{more}Section: misc\nPriority: optional\nDescription: test package {name}\n"
        write(f"{folder}/DEBIAN/control", control)
        write(f"{folder}/usr/share/{name}/version", version + "\n")
        for path, text in files.items():
            write(f"{folder}/{path}", text)
        for path, text in own.items():
            write(f"{folder}/DEBIAN/{path}", text, 0o755 if text.startswith("#!") else 0o644)
        path = f"{pool}/{name}_{version}_all.deb"
        subprocess.run(["dpkg-deb", "--root-owner-group", "-Znone", "-b", folder, path], check=True, stdout=subprocess.DEVNULL)
    with open(path, "rb") as file:
        data = file.read()
    return (f"{control.rstrip()}\nFilename: pool/{os.path.basename(path)}\nSize: {len(data)}\n"
            f"SHA256: {hashlib.sha256(data).hexdigest()}\n\n")


def apt(folder):
    dist = f"{folder}/dists/stable"
    os.makedirs(f"{folder}/pool")
    packages = "".join(deb(f"{folder}/pool", *words) for words in DEBS).encode()
    names = {"main/binary-amd64/Packages": packages, "main/binary-amd64/Packages.gz": gzip.compress(packages, mtime=0)}
    sums = ""
    for name, data in names.items():
        write(f"{dist}/{name}", data)
        sums += f" {hashlib.sha256(data).hexdigest()} {len(data)} {name}\n"
    release = ("Origin: Fleet\nSuite: stable\nCodename: stable\nComponents: main\nArchitectures: amd64 all\n"
               f"Date: Sat, 01 Jan 2022 00:00:00 UTC\nSHA256:\n{sums}")
    home = tempfile.mkdtemp()
    gpg = ["gpg", "--homedir", home, "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", ""]
    try:
        # Its time is that of the release: a host whose clock is behind takes it all the same.
        for name in ("key", "wrong"):
            address = f"{name}@example.invalid"
            subprocess.run(gpg + ["--faked-system-time", "20220101T000000!", "--quick-gen-key", address, "ed25519", "sign", "never"],
                           check=True, stderr=subprocess.DEVNULL)
            write(f"{folder}/{name}.asc", subprocess.check_output(gpg + ["--armor", "--export", address]))
        write(f"{folder}/key.gpg", subprocess.check_output(gpg + ["--export", "key@example.invalid"]))
        signed = subprocess.run(gpg + ["--faked-system-time", "20220102T000000!", "--local-user", "key@example.invalid", "--clearsign"],
                                input=release.encode(), check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
        write(f"{dist}/InRelease", signed)
    finally:
        subprocess.run(["gpgconf", "--homedir", home, "--kill", "all"], check=False)
        shutil.rmtree(home, ignore_errors=True)


def member(tar, name, data, folder=False):
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.mtime, info.uname, info.gname = len(data), 0o755 if folder else 0o644, 1640995200, "root", "root"
    info.type = tarfile.DIRTYPE if folder else tarfile.REGTYPE
    tar.addfile(info, io.BytesIO(data))


def package(folder, name, version, depends, groups, files, install):
    info = [f"pkgname = {name}", f"pkgbase = {name}", f"pkgver = {version}", f"pkgdesc = test package {name}", "builddate = 1640995200",
            "packager = Fleet <fleet@example.invalid>", f"size = {sum(map(len, files.values()))}", "arch = any"]
    info += [f"group = {group}" for group in groups] + [f"depend = {depend}" for depend in depends]
    path = f"{folder}/{name}-{version}-any.pkg.tar.gz"
    with tarfile.open(path, "w:gz", format=tarfile.GNU_FORMAT) as tar:
        member(tar, ".PKGINFO", ("\n".join(info) + "\n").encode())
        if install:
            member(tar, ".INSTALL", install.encode())
        parents = {"/".join(path.split("/")[:depth]) + "/" for path in files for depth in range(1, path.count("/") + 1)}
        for parent in sorted(parents):
            member(tar, parent, b"", True)
        for name_of_file, text in files.items():
            member(tar, name_of_file, text.encode())
    with open(path, "rb") as file:
        data = file.read()
    fields = {"FILENAME": [os.path.basename(path)], "NAME": [name], "BASE": [name], "VERSION": [version], "DESC": [name],
              "GROUPS": groups, "CSIZE": [str(len(data))], "ISIZE": ["1"], "SHA256SUM": [hashlib.sha256(data).hexdigest()],
              "ARCH": ["any"], "BUILDDATE": ["1640995200"], "PACKAGER": ["Fleet <fleet@example.invalid>"], "DEPENDS": depends}
    return "".join(f"%{key}%\n" + "\n".join(values) + "\n\n" for key, values in fields.items() if values)


def pacman(folder):
    os.makedirs(folder)
    with tarfile.open(f"{folder}/fleet.db", "w:gz", format=tarfile.GNU_FORMAT) as database:
        for name, version, *rest in PACMAN:
            description = package(folder, name, version, *rest)
            if (name, version) != OLD:
                member(database, f"{name}-{version}/", b"", True)
                member(database, f"{name}-{version}/desc", description.encode())


apt(sys.argv[1] + "/apt")
pacman(sys.argv[1] + "/pacman")
