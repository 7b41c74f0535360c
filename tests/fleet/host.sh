#!/bin/sh
# Runs once, inside the new root file system: makes it a host that ssh can enter and that has people on it.
# Host key and authorised keys are not part of the image: each container gets them as a mount.
set -eu

mkdir -p /etc/ssh/fleet
rm -f /etc/ssh/ssh_host_*
chmod 711 /root # mounted interpreters may lie below it
cat >/etc/ssh/sshd_config <<'CONFIG'
HostKey /etc/ssh/fleet/host_key
AuthorizedKeysFile /etc/ssh/fleet/authorized_keys
PasswordAuthentication no
UsePAM no
UseDNS no
StrictModes no
MaxSessions 100
AcceptEnv LANG LC_*
CONFIG

person() { # person NAME SHELL
    useradd --create-home --shell "$2" "$1"
    usermod --password '*' "$1" # no password, and not locked: sshd refuses locked ones
    : >"/home/$1/.hushlogin"
}

person ops /bin/bash
echo 'ops ALL=(ALL:ALL) NOPASSWD: ALL' >/etc/sudoers.d/ops
chmod 440 /etc/sudoers.d/ops
usermod --password '*' root

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
