#!/bin/sh
# Creates the virtual environment and installs the locked packages. Needs python3 and nothing else.
#
#   scripts/setup.sh requirements.lock
#
# PYTHON         the interpreter to use (3.11 or newer)
# VENV           the folder of the environment (.venv)
# TORCH_BACKEND  cpu: take PyTorch's CPU builds from its own index. Without it a Linux machine with
#                the open internet gets the CUDA builds from PyPI, several gigabytes.
set -eu

lock=$1
venv=${VENV:-.venv}
uv_version=0.13.9
stamp=$venv/.installed-${lock%.lock}
log=$venv/install.log
started=$(date +%s)

fail() {
    printf '%s\n' "$*" >&2
    exit 1
}

find_python() {
    for candidate in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    fail "Python 3.11 or newer is needed. Install it, or point PYTHON at it: make run PYTHON=/path/to/python3.12"
}

# What was asked for: when it has not changed since the last time, there is nothing to do.
fingerprint() {
    {
        cat requirements.lock "$lock"
        printf '%s\n' "${TORCH_BACKEND:-}" "$uv_version"
    } | cksum
}

# Prints the path of uv, or nothing where it cannot be had.
find_uv() {
    if command -v uv; then
        return
    fi
    own=$venv/uv
    if [ ! -x "$own/bin/uv" ]; then
        # Into a folder of its own: an environment with pip inside takes seconds longer to make.
        PIP_USER=0 PIP_REQUIRE_VIRTUALENV=0 "$python" -m pip --disable-pip-version-check install \
            --quiet --no-deps --no-compile --target "$own" "uv==$uv_version" >>"$log" 2>&1 || return 0
    fi
    printf '%s\n' "$own/bin/uv"
}

install_with_uv() {
    # uv does not read pip's configuration; a machine with its own index or files has only that.
    eval "$("$python" scripts/uv_settings.py)"
    "$uv" pip install --python "$venv/bin/python" \
        ${TORCH_BACKEND:+--torch-backend="$TORCH_BACKEND"} -r "$lock" >>"$log" 2>&1
}

install_with_pip() {
    "$venv/bin/python" -m ensurepip --default-pip >>"$log" 2>&1 ||
        fail "This Python has neither pip nor ensurepip. On Debian or Ubuntu: apt-get install python3-venv"
    "$venv/bin/python" -m pip --disable-pip-version-check install -r "$lock" >>"$log" 2>&1
}

# Runs "$@" and says every second how long it has taken and what it is at.
watch() {
    "$@" &
    job=$!
    trap 'kill $job 2>/dev/null; exit 130' INT TERM HUP
    seconds=0
    while kill -0 $job 2>/dev/null; do
        sleep 1
        seconds=$((seconds + 1))
        if [ -t 1 ]; then
            printf '\r\033[2K  %3d s  %.60s' "$seconds" "$(tail -n 1 "$log" | tr -d '\r\033')"
        elif [ $((seconds % 10)) -eq 0 ]; then
            printf '  %3d s  %.60s\n' "$seconds" "$(tail -n 1 "$log")"
        fi
    done
    trap - INT TERM HUP
    if [ -t 1 ]; then printf '\r\033[2K'; fi
    wait $job
}

wanted=$(fingerprint)
if [ -x "$venv/bin/python" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then
    touch "$stamp"
    exit 0
fi

python=$(find_python)
[ -x "$venv/bin/python" ] || "$python" -m venv --without-pip "$venv"
: >"$log"
rm -f "$stamp"
uv=$(find_uv)
printf 'Installing %s packages into %s (about 1.6 GB, once) …\n' \
    "$(cat requirements.lock "$lock" | grep -v '^-r' | sort -u | grep -c '==')" "$venv"
if [ -z "$uv" ] || ! watch install_with_uv; then
    echo "uv cannot install here; pip takes over, which takes a few minutes …"
    watch install_with_pip || {
        tail -n 20 "$log" >&2
        fail "The packages could not be installed; all of the output is in $log"
    }
fi
printf '%s' "$wanted" >"$stamp"
seconds=$(($(date +%s) - started))
printf '%s\n' "$seconds" >"$venv/.install-seconds"
printf 'Installed in %s s.\n' "$seconds"
