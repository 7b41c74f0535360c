# The ssh servers on this machine itself, over TCP. Sourced by ./fleet.

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

server_runs() { [ -f "$STATE/$1.pid" ] && kill -0 "$(cat "$STATE/$1.pid")" 2>/dev/null; }

# server NAME LINE…: an sshd on 127.0.0.1 for the current user, on a port that was free, with these lines of configuration.
server() {
    local name=$1 port
    shift
    server_runs "$name" && return
    need /usr/sbin/sshd openssh-server
    port=$(free_port)
    [ "$(id -u)" != 0 ] || mkdir -p /run/sshd
    cat >"$STATE/$name.config" <<CONFIG
ListenAddress 127.0.0.1:$port
HostKey $STATE/hosts/host_key
AuthorizedKeysFile $STATE/hosts/authorized_keys
PidFile $STATE/$name.pid
PasswordAuthentication no
PermitRootLogin prohibit-password
StrictModes no
UsePAM no
UseDNS no
MaxSessions 100
$(printf '%s\n' "$@")
CONFIG
    echo "$port" >"$STATE/$name.port"
    /usr/sbin/sshd -f "$STATE/$name.config" -E "$STATE/$name.log" </dev/null || die "$name did not start: see $STATE/$name.log"
    wait_for "$name" server_runs "$name"
}

# servers: one that takes everybody, and one that turns people away at the door when many come at once, as sshd does by default. (SHLVL:
# or bash at the far end would read the ~/.bashrc of whoever runs the tests, which in a crowd may take its time.)
servers() {
    server sshd "MaxStartups 100"
    server crowd "MaxStartups 10:30:100" "LogLevel VERBOSE" "SetEnv SHLVL=1"
}
