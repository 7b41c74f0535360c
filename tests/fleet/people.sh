#!/bin/sh
# Runs once, inside the new root file system, after host.sh: the people of a host, and what sudo, doas and su let them do.
set -eu

PASSWORD='open sesame' # of root, and of everyone who has one

person() { # person NAME SHELL [OPTION…]: the options are those of useradd
    name=$1 shell=$2
    shift 2
    useradd --create-home --shell "$shell" "$@" "$name"
    usermod --password '*' "$name" # no password, and not locked: sshd refuses locked ones
    : >"/home/$name/.hushlogin"
}

person ops /bin/bash
for shell in dash fish tcsh zsh; do
    person "$shell" "$(command -v "$shell")"
done

# People whose start-up file does what such files should not do. bash reads ~/.bashrc when sshd starts it, terminal or not.
odd() { # odd NAME LINE
    person "$1" /bin/bash
    printf '%s\n' "$2" >"/home/$1/.bashrc"
}
odd banner 'echo "Authorised use only."'
odd banner-cut 'printf "Authorised use only"'
odd banner-big 'head -c 131072 /dev/zero | tr "\0" "#"; echo'
odd banner-binary 'head -c 4096 /dev/urandom'
odd reads-input 'read -r line'
odd exits 'echo "This account is closed."; exit 7'

# People who differ in what sudo and doas want of them before they become somebody else. su asks everyone for the password.
for name in nopass asks iolog both nosudo; do
    person "$name" /bin/bash
done
person tty /bin/bash --gid users # a group of this name is there already
for name in root nopass asks tty iolog both nosudo; do
    echo "$name:$PASSWORD"
done | chpasswd

# Debian's own sudoers says `use_pty`, as sudo itself does since 1.9.14; older ones do not, and neither does it for nopass.
cat >/etc/sudoers.d/fleet <<'SUDOERS'
ops, nopass, tty, iolog ALL=(ALL:ALL) NOPASSWD: ALL
asks, both ALL=(ALL:ALL) ALL
Defaults:nopass !use_pty
Defaults:tty requiretty
Defaults:iolog use_pty, log_output
Defaults:both requiretty, use_pty
SUDOERS
chmod 440 /etc/sudoers.d/fleet
visudo --check --quiet

# A word in quotes is a name, even where it is also a word of the grammar.
cat >/etc/doas.conf <<'DOAS'
permit nopass "nopass"
permit asks
DOAS
chmod 400 /etc/doas.conf
doas -C /etc/doas.conf
