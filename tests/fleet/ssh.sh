# Keys, the server of our own, and what the ssh client is told. Sourced by ./fleet.

# keys: the client's key, one that nobody knows, and the one key of all hosts.
keys() {
    need ssh-keygen openssh-client
    local name
    for name in client stranger host_key; do
        [ -f "$STATE/keys/$name" ] || ssh-keygen -q -t ed25519 -N '' -C "hailer-fleet $name" -f "$STATE/keys/$name"
    done
    mkdir -p "$STATE/hosts" # mounted into each container as /etc/ssh/fleet
    install -m 600 "$STATE/keys/host_key" "$STATE/hosts/host_key"
    install -m 644 "$STATE/keys/client.pub" "$STATE/hosts/authorized_keys"
    echo "* $(cut -d' ' -f1-2 "$STATE/keys/host_key.pub")" >"$STATE/known_hosts"
}

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

sshd_runs() { [ -f "$STATE/sshd.pid" ] && kill -0 "$(cat "$STATE/sshd.pid")" 2>/dev/null; }

# local_sshd: a server on 127.0.0.1 for the current user, on a port that was free.
local_sshd() {
    sshd_runs && return
    need /usr/sbin/sshd openssh-server
    local port
    port=$(free_port)
    [ "$(id -u)" != 0 ] || mkdir -p /run/sshd
    cat >"$STATE/sshd_config" <<CONFIG
ListenAddress 127.0.0.1:$port
HostKey $STATE/hosts/host_key
AuthorizedKeysFile $STATE/hosts/authorized_keys
PidFile $STATE/sshd.pid
PasswordAuthentication no
PermitRootLogin prohibit-password
StrictModes no
UsePAM no
UseDNS no
MaxStartups 100
MaxSessions 100
CONFIG
    echo "$port" >"$STATE/sshd.port"
    /usr/sbin/sshd -f "$STATE/sshd_config" -E "$STATE/sshd.log" </dev/null || die "sshd did not start: see $STATE/sshd.log"
    wait_for "sshd" sshd_runs
}

# ssh_config: everything is behind an alias; nothing needs the user's own configuration. The containers have no network:
# their sshd talks over the pipe of docker exec. (The shell of `hangs` holds its output open, or ssh would see its end; it leaves
# when ssh does.)
ssh_config() {
    local person
    cat <<CONFIG
Host localsshd
  HostName 127.0.0.1
  Port $(cat "$STATE/sshd.port")
  User $(id -un)
Host refused
  HostName 127.0.0.1
  Port 1
Host unresolved
  HostName no-such-host.invalid
Host stranger-host
  ProxyCommand docker exec -i hailer-h2 /usr/sbin/sshd -i
  UserKnownHostsFile /dev/null
Host hangs
  ProxyCommand sh -c 'cat >/dev/null; exit'
Host refuses-key
  ProxyCommand docker exec -i hailer-h2 /usr/sbin/sshd -i
  IdentityFile $STATE/keys/stranger
CONFIG
    for person in "${PEOPLE[@]}"; do
        printf 'Host %s\n  User %s\n  ProxyCommand docker exec -i hailer-h1 /usr/sbin/sshd -i\n' "$person" "$person"
    done
    # ssh takes the first value that it finds of each option: what holds for all comes last.
    cat <<CONFIG
Host ${SSH_HOSTS[*]}
  ProxyCommand docker exec -i hailer-%n /usr/sbin/sshd -i
Host * !refuses-key
  IdentityFile $STATE/keys/client
Host *
  User ops
  IdentitiesOnly yes
  BatchMode yes
  StrictHostKeyChecking yes
  UserKnownHostsFile $STATE/known_hosts
  GlobalKnownHostsFile /dev/null
  KexAlgorithms curve25519-sha256
  LogLevel ERROR
CONFIG
}
