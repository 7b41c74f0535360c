#!/bin/sh
# Runs once, inside the new root file system: makes it a host that ssh can enter. Its people come after, with people.sh.
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

# What only the hosts with systemd have a use for: no sshd of their own, and no source of packages but what lies in /srv/fleet.
ln -sf /dev/null /etc/systemd/system/ssh.service
: >/etc/apt/sources.list
