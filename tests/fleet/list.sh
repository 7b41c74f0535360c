# fleet.json: what there is, and how a connect to each must end. Sourced by ./fleet.

ENTRIES=()

# entry NAME TARGET PYTHON STAGE ABOUT: a word for what has none is "-". No text here needs escaping.
entry() {
    local python=null stage=null
    [ "$3" = - ] || python="\"$3\""
    [ "$4" = - ] || stage="\"$4\""
    ENTRIES+=("{\"name\":\"$1\",\"target\":\"$2\",\"python\":$python,\"stage\":$stage,\"about\":\"$5\"}")
}

# version COMMAND…: what this Python says that it is.
version() { "$@" -c '"import sys; print(sys.version.split()[0])"' || die "no Python answers: $*"; }

list() {
    local debian here name folder
    debian=$(version ssh -F "$STATE/ssh_config" h1 python3)
    here=$(version ssh -F "$STATE/ssh_config" localsshd python3)
    ENTRIES=()

    entry localsshd localsshd "$here" - "a real sshd on this machine, over TCP"
    for name in h1 h2 h3; do entry "$name" "$name" "$debian" - "Debian over ssh"; done
    for name in dash fish tcsh zsh; do entry "$name" "$name" "$debian" - "a person whose login shell is $name"; done
    entry banner banner "$debian" - "a profile that prints a line"
    entry banner-cut banner-cut "$debian" - "a profile that prints a line without its end"
    entry banner-big banner-big "$debian" - "a profile that prints 128 KiB"
    entry banner-binary banner-binary "$debian" - "a profile that prints 4 KiB of noise"
    entry reads-input reads-input - interpreter "a profile that waits for input"
    entry exits exits - connect "a profile that leaves before the command"
    entry readonly readonly "$debian" - "a disk that cannot be written"
    entry minimal minimal "$debian" - "Debian's python3-minimal alone"
    entry nopython nopython - interpreter "no Python at all"
    [ -z "$(pythons)" ] || entry nozlib nozlib "$(version ssh -F "$STATE/ssh_config" nozlib python3)" - "a Python without zlib, bz2 and lzma"
    while read -r name folder; do
        entry "$name" "docker:hailer-$name" "${folder##*/}" - "CPython ${folder##*/}, its only Python"
    done < <(pythons)
    for name in "${SMALL[@]}"; do entry "$name" "docker:hailer-$name" "$debian" - "a container"; done
    entry nopython-docker docker:hailer-nopython - interpreter "a container without Python"
    entry no-container docker:hailer-absent - connect "no such container"

    entry refused refused - connect "a port where nobody listens"
    entry unresolved unresolved - resolve "a name without an address"
    entry stranger-host stranger-host - host-key "a host whose key is not known"
    entry hangs hangs - connect "a port that accepts and says nothing"
    entry refuses-key refuses-key - login "a host that does not know the key"

    { printf '[\n'; printf '%s\n' "${ENTRIES[@]}" | sed '$!s/$/,/'; printf ']\n'; } >"$STATE/fleet.json.part"
    mv "$STATE/fleet.json.part" "$STATE/fleet.json"
}
