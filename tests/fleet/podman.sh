# One container of podman's, from the same image as docker's. Sourced by ./fleet.

# podman_host: where podman runs nothing, that is said, and there is none.
podman_host() {
    need podman podman
    local image edition=${EDITION%@*}
    image=localhost/$(image host)
    podman ps --filter "label=hailer.fleet=$edition" --format '{{.Names}}' | grep -qx hailer-pod && return
    podman image exists "$image" || docker save "$(image host)" | podman load --quiet >"$STATE/podman.log" 2>&1 || true
    # A container must not want more files and processes than this user may have.
    podman --cgroup-manager=cgroupfs run --detach --replace --stop-timeout 0 --name hailer-pod --hostname pod \
        --label "hailer.fleet=$edition" --network none \
        --ulimit "nofile=$(ulimit -Hn):$(ulimit -Hn)" --ulimit nproc=4096:4096 \
        "$image" sleep inf >>"$STATE/podman.log" 2>&1 </dev/null || say "podman runs nothing here: see $STATE/podman.log"
}
