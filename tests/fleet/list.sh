# fleet.json: what there is, and how a connect to each must end. Sourced by ./fleet.

ENTRIES=()

# entry NAME TARGET PYTHON STAGE ABOUT: a word for what has none is "-". No text here needs escaping.
entry() {
    local python=null stage=null
    [ "$3" = - ] || python="\"$3\""
    [ "$4" = - ] || stage="\"$4\""
    ENTRIES+=("{\"name\":\"$1\",\"target\":\"$2\",\"python\":$python,\"stage\":$stage,\"about\":\"$5\"}")
}

# version HOST PYTHON: what this Python says that it is.
version() {
    ssh -F "$STATE/ssh_config" -o BatchMode=yes "$1" "$2" -c '"import sys; print(sys.version.split()[0])"' || die "$1: no Python answers"
}

list() {
    local debian here name folder
    debian=$(version h1 python3)
    here=$(version localsshd python3)
    ENTRIES=()

    entry localsshd localsshd "$here" - "a real sshd on this machine, over TCP"
    for name in h1 h2 h3; do entry "$name" "$name" "$debian" - "Debian over ssh"; done
    for name in dash fish tcsh zsh; do entry "$name" "$name" "$debian" - "a person whose login shell is $name"; done
    entry banner banner "$debian" - "a profile that prints a line"
    entry banner-cut banner-cut "$debian" - "a profile that prints a line without its end"
    entry banner-big banner-big "$debian" - "a profile that prints 128 KiB"
    entry banner-binary banner-binary "$debian" - "a profile that prints 4 KiB of noise"
    entry reads-input reads-input - boot "a profile that waits for input"
    entry exits exits - connect "a profile that leaves before the command"
    entry nopass nopass "$debian" - "a person who becomes root without a password"
    entry asks asks "$debian" - "a person who becomes root with a password"
    entry tty tty "$debian" - "a person whose sudo wants a terminal"
    entry iolog iolog "$debian" - "a person whose sudo writes down all output"
    entry both both "$debian" - "a person whose sudo wants a password and a terminal"
    entry nosudo nosudo "$debian" - "a person who may not use sudo"
    entry readonly readonly "$debian" - "a disk that cannot be written"
    entry minimal minimal "$debian" - "Debian's python3-minimal alone"
    entry nopython nopython - interpreter "no Python at all"
    entry platform platform "$(version platform /usr/libexec/platform-python)" - "a Python in /usr/libexec alone"
    [ -z "$(pythons)" ] || entry nozlib nozlib "$(version nozlib python3)" - "a Python without zlib, bz2 and lzma"
    while read -r name folder; do
        entry "$name" "docker:hailer-$name" "${folder##*/}" - "CPython ${folder##*/}, its only Python"
    done < <(pythons)
    for name in "${SMALL[@]}"; do entry "$name" "docker:hailer-$name" "$debian" - "a container"; done
    entry system docker:hailer-system "$debian" - "a host with systemd, apt and pacman"
    entry system-minimal docker:hailer-system-minimal "$debian" - "the same with python3-minimal alone"
    folder=$(pythons | awk '$1 == "py27" { print $2 }')
    [ -z "$folder" ] || entry system-py27 docker:hailer-system-py27 "${folder##*/}" - "the same with Python 2.7 alone"
    if podman exec hailer-pod true 2>/dev/null; then entry pod podman:hailer-pod "$debian" - "a container of podman's"; fi
    entry nopython-docker docker:hailer-nopython - interpreter "a container without Python"
    entry no-container docker:hailer-absent - connect "no such container"

    entry refused refused - connect "a port where nobody listens"
    entry unresolved unresolved - resolve "a name without an address"
    entry stranger-host stranger-host - host-key "a host whose key is not known"
    entry changed-host changed-host - host-key "a host whose key is not the one that is known"
    entry hangs hangs - connect "a port that accepts and says nothing"
    entry refuses-key refuses-key - login "a host that does not know the key"
    entry pw pw - login "a host that wants a password, and nobody to ask"
    entry kbd kbd - login "a host that asks through PAM, and nobody to ask"
    entry keypass keypass - login "a key that wants a passphrase, and nobody to ask"

    { printf '[\n'; printf '%s\n' "${ENTRIES[@]}" | sed '$!s/$/,/'; printf ']\n'; } >"$STATE/fleet.json.part"
    mv "$STATE/fleet.json.part" "$STATE/fleet.json"
}
