# The images, made of Debian's packages and nothing else. Sourced by ./fleet.
#
#   host      Debian with sshd, sudo, doas, Python, four login shells, systemd, pacman, and below /srv/fleet packages to install
#   minimal   the same with python3-minimal alone: no json, no asyncio, no ctypes, no lzma
#   nopython  the same with no Python at all
#   platform  the same with its Python where RHEL 8 has it, and nowhere else
#   bare      one static program and one file: no shell, no Python, no libc

SUITE=bookworm
PACKAGES=python3,openssh-server,sudo,opendoas,procps,fish,tcsh,zsh,busybox-static,systemd,pacman-package-manager,gpg,gpg-agent
ROOTS=${XDG_CACHE_HOME:-$HOME/.cache}/hailer-fleet

# What the images are made from, as one word: where it changes, they are made anew.
RECIPE=$(echo "$SUITE $PACKAGES" | cat - "$HERE/host.sh" "$HERE/people.sh" "$HERE/repositories.py" "$HERE/images.sh" | sha256sum | cut -c1-12)

# root_file_system: the path of the host's root as a tar. It is built in memory, since dpkg waits for the disk after every file.
root_file_system() {
    local tar
    tar=$ROOTS/root-$RECIPE.tar
    if [ ! -s "$tar" ]; then
        need mmdebstrap mmdebstrap
        mkdir -p "$ROOTS"
        say "building the root file system ($SUITE)"
        TMPDIR=$([ -d /dev/shm ] && echo /dev/shm || echo /tmp) mmdebstrap --quiet --variant=apt --format=tar \
            --include="$PACKAGES" --aptopt='Apt::Install-Recommends "0"' --dpkgopt=force-unsafe-io \
            --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
            --dpkgopt='path-exclude=/usr/share/locale/*' \
            --customize-hook="copy-in $HERE/host.sh $HERE/people.sh $HERE/repositories.py /tmp" \
            --customize-hook='chroot "$1" sh /tmp/host.sh' --customize-hook='chroot "$1" sh /tmp/people.sh' \
            --customize-hook='chroot "$1" python3 /tmp/repositories.py /srv/fleet' \
            --customize-hook='rm "$1/tmp/host.sh" "$1/tmp/people.sh" "$1/tmp/repositories.py"' \
            "$SUITE" "$tar.part" >"$STATE/mmdebstrap.log" 2>&1 </dev/null ||
            die "mmdebstrap failed: see $STATE/mmdebstrap.log"
        rm -f "$ROOTS"/root-*.tar # those of older recipes
        mv "$tar.part" "$tar"
    fi
    echo "$tar"
}

# image NAME: its full name; the tag is the recipe, so that an image that exists is the right one.
image() { echo "hailer-fleet/$1:$RECIPE"; }

image_exists() { docker image inspect "$(image "$1")" >/dev/null 2>&1; }

# derive NAME COMMAND: the host image after this command.
derive() {
    image_exists "$1" && return
    local made
    made=$(docker run --detach --pull never --network none "$(image host)" sh -c "$2")
    [ "$(docker wait "$made")" = 0 ] || die "cannot make the image $1: $(docker logs "$made" 2>&1 | tail -3)"
    docker commit --change 'CMD ["sleep", "inf"]' "$made" "$(image "$1")" >/dev/null
    docker rm "$made" >/dev/null
}

# bare: the program is busybox, which is what its name says: as `sleep` it is no shell.
bare() {
    image_exists bare && return
    docker run --rm --pull never --network none "$(image host)" sh -c 'mkdir -p /tmp/bare/etc && cd /tmp/bare &&
        cp /bin/busybox sleep && echo bare >etc/mark && tar -cf - sleep etc' |
        docker import --change 'CMD ["/sleep", "inf"]' - "$(image bare)" >/dev/null || die "cannot make the image bare"
}

images() {
    if ! image_exists host; then
        local tar
        tar=$(root_file_system)
        docker import --change 'CMD ["sleep", "inf"]' --change 'ENV LANG=C.UTF-8' \
            --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' "$tar" "$(image host)" >/dev/null
        docker tag "$(image host)" hailer-fleet/host:latest
    fi
    # fish goes too: it depends on python3, and apt would not work beside what is broken.
    derive minimal 'dpkg --purge --force-depends fish python3 python3.11 libpython3-stdlib libpython3.11-stdlib >/dev/null 2>&1
        python3 -c "import zlib" && ! python3 -c "import json" 2>/dev/null'
    derive nopython 'rm -rf /usr/bin/python* /usr/lib/python3* && ! command -v python3'
    derive platform 'mkdir -p /usr/libexec && mv "$(readlink -f /usr/bin/python3)" /usr/libexec/platform-python &&
        rm /usr/bin/python* && ! command -v python3 && /usr/libexec/platform-python -c "import json"'
    bare
}
