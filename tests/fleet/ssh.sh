# Keys, and what the ssh client is told. Sourced by ./fleet.

PASSPHRASE='let me in' # of the key `locked`

# keys: the client's key, one that wants a passphrase, one that nobody knows, and the one key of all hosts.
keys() {
    need ssh-keygen openssh-client
    local name passphrase
    for name in client locked stranger host_key; do
        [ "$name" = locked ] && passphrase=$PASSPHRASE || passphrase=
        [ -f "$STATE/keys/$name" ] || ssh-keygen -q -t ed25519 -N "$passphrase" -C "hailer-fleet $name" -f "$STATE/keys/$name"
    done
    mkdir -p "$STATE/hosts" # mounted into each container as /etc/ssh/fleet
    install -m 600 "$STATE/keys/host_key" "$STATE/hosts/host_key"
    cat "$STATE/keys/client.pub" "$STATE/keys/locked.pub" >"$STATE/hosts/authorized_keys"
    chmod 644 "$STATE/hosts/authorized_keys"
    echo "* $(cut -d' ' -f1-2 "$STATE/keys/host_key.pub")" >"$STATE/known_hosts"
    echo "changed-host $(cut -d' ' -f1-2 "$STATE/keys/stranger.pub")" >"$STATE/known_hosts_changed"
}

# alias_in NAME CONTAINER [LINE…]: an alias with these lines. The containers have no network: their sshd, which may be told more in
# SSHD_OPTIONS, talks over the pipe of docker exec.
alias_in() {
    printf 'Host %s\n  ProxyCommand docker exec -i hailer-%s /usr/sbin/sshd -i %s\n' "$1" "$2" "${SSHD_OPTIONS:-}"
    shift 2
    [ $# = 0 ] || printf '  %s\n' "$@"
}

# ssh_config: everything is behind an alias; nothing needs the user's own configuration. Whether ssh may ask is not said here.
# ssh takes the first value that it finds of each option: what holds for all comes last.
ssh_config() {
    on_this_machine
    in_containers
    that_ask
    cat <<CONFIG
Host * !refuses-key !keypass
  IdentityFile $STATE/keys/client
Host *
  User ops
  IdentitiesOnly yes
  StrictHostKeyChecking yes
  UserKnownHostsFile $STATE/known_hosts
  GlobalKnownHostsFile /dev/null
  KexAlgorithms curve25519-sha256
  LogLevel ERROR
CONFIG
}

# (The shell of `hangs` holds its output open, or ssh would see its end; it leaves when ssh does.)
on_this_machine() {
    cat <<CONFIG
Host localsshd
  HostName 127.0.0.1
  Port $(cat "$STATE/sshd.port")
  User $(id -un)
Host crowd*
  HostName 127.0.0.1
  Port $(cat "$STATE/crowd.port")
  User $(id -un)
Host refused
  HostName 127.0.0.1
  Port 1
Host unresolved
  HostName no-such-host.invalid
Host hangs
  ProxyCommand sh -c 'cat >/dev/null; exit'
CONFIG
}

in_containers() {
    local name
    for name in "${SSH_HOSTS[@]}"; do alias_in "$name" "$name"; done
    for name in "${PEOPLE[@]}"; do alias_in "$name" h1 "User $name"; done
    alias_in refuses-key h2 "IdentityFile $STATE/keys/stranger"
    alias_in changed-host h2 "UserKnownHostsFile $STATE/known_hosts_changed"
}

# that_ask: where ssh has a question: a password, a passphrase, or whether a key is to be trusted. `learn-host` keeps the answer.
that_ask() {
    local pam='-o UsePAM=yes -o PasswordAuthentication=yes -o KbdInteractiveAuthentication=no'
    local password=("User asks" "PubkeyAuthentication no" "PreferredAuthentications password")
    SSHD_OPTIONS=$pam alias_in pw h3 "${password[@]}"
    SSHD_OPTIONS=$pam alias_in pw2 h2 "${password[@]}"
    SSHD_OPTIONS='-o UsePAM=yes -o KbdInteractiveAuthentication=yes' \
        alias_in kbd h3 "User asks" "PubkeyAuthentication no" "PreferredAuthentications keyboard-interactive"
    alias_in keypass h1 "IdentityFile $STATE/keys/locked" "IdentityAgent none"
    alias_in stranger-host h2 "UserKnownHostsFile /dev/null" "StrictHostKeyChecking ask"
    alias_in learn-host h2 "UserKnownHostsFile $STATE/known_hosts_learn" "StrictHostKeyChecking ask"
}
