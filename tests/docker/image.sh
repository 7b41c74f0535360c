#!/bin/sh
# Makes a small image of this machine's own files: image.sh NAME [sh] [python]. It always has `sleep`.
# Nothing is fetched, so it works wherever there are an engine and a Python.
set -eu
name=$1
shift
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

# A program and the libraries it needs, under their own paths.
put() {
    for file in "$1" $(ldd "$1" 2>/dev/null | grep -o '/[^ ]*'); do
        mkdir -p "$root$(dirname "$file")"
        [ -e "$root$file" ] || cp -L "$file" "$root$file"
    done
}

put_python() {
    python=$(python3 -c 'import os, sys; print(os.path.realpath(sys.executable))')
    library=$(python3 -c 'import os; print(os.path.dirname(os.__file__))')
    put "$python"
    mkdir -p "$root/usr/bin" "$root$library"
    [ -e "$root/usr/bin/python3" ] || ln -s "$python" "$root/usr/bin/python3"
    tar -C "$library" --exclude=./test --exclude=./site-packages --exclude=./dist-packages --exclude=./idlelib \
        --exclude=./ensurepip --exclude=./lib2to3 --exclude='./config-*' --exclude=__pycache__ -c . | tar -C "$root$library" -x
    # Modules in C need their libraries too.
    for module in zlib select _struct; do
        file=$(python3 -c "import $module; print(getattr($module, '__file__', ''))")
        [ -z "$file" ] || put "$file"
    done
}

mkdir -p "$root/bin" "$root/tmp"
put "$(command -v sleep)"
for part; do
    case $part in
        sh) put "$(readlink -f /bin/sh)"; [ -e "$root/bin/sh" ] || cp -L /bin/sh "$root/bin/sh" ;;
        python) put_python ;;
    esac
done
tar -C "$root" -c . | docker import --change "CMD [\"$(command -v sleep)\", \"600\"]" - "$name"
