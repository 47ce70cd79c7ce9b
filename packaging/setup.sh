# Sourced by packaging/run and packaging/test: the virtual environment and the system libraries.
# Everything it says goes to standard error, so that `packaging/run info … --json` prints JSON alone.
# shellcheck shell=bash

venv="$root/.venv"
python="$venv/bin/python"
supported='import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))'
unset PYTHONHOME PYTHONPATH
# Compiled once and kept, the program starts in half the time.
unset PYTHONDONTWRITEBYTECODE

say() { printf '%s\n' "$*" >&2; }

# Qt complains and file names are misread where no UTF-8 locale is set, as in containers and services.
if [ "$(uname -s)" = Linux ] && [ "$(locale charmap 2>/dev/null)" != UTF-8 ]; then
    export LC_ALL=C.UTF-8
fi

# Installs Debian packages as root; otherwise prints the line that does it. Returns 0 only when they are there.
apt_install() {
    if ! command -v apt-get >/dev/null; then
        say "This system has no apt-get. Install what these Debian packages hold: $*"
        return 1
    fi
    if [ "$(id -u)" -ne 0 ]; then
        say "Some system packages are missing. Install them with this line, then start again:"
        say "    sudo apt-get install $*"
        return 1
    fi
    say "Installing system packages: $*"
    local log
    log=$(mktemp) || return 1
    # The package lists may be absent (containers) or old: then they are fetched, and it is tried once more.
    if DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" </dev/null >"$log" 2>&1 ||
        { DEBIAN_FRONTEND=noninteractive apt-get update -q </dev/null >"$log" 2>&1 &&
            DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" </dev/null >>"$log" 2>&1; }; then
        rm -f "$log"
        return 0
    fi
    tail -n 5 "$log" >&2
    rm -f "$log"
    say "The system packages could not be installed. With a network, this line does it:"
    say "    sudo apt-get install $*"
    return 1
}

# Prints the packages of packaging/system-packages that are missing for "$1" (run, or test: both).
missing_packages() {
    [ "$(uname -s)" = Linux ] || return 0
    local known what package need
    known=$(PATH="$PATH:/usr/sbin:/sbin" ldconfig -p 2>/dev/null)
    while read -r what package need; do
        case $what in '' | '#'*) continue ;; esac
        case $need in
            test) [ "$1" = test ] || continue ;;
            wayland) [ -n "${WAYLAND_DISPLAY-}" ] || continue ;;
        esac
        case $what in
            /*) [ -e "$what" ] && continue ;;
            *.so.*) case $known in *"$what "*) continue ;; esac ;;
            *) command -v "$what" >/dev/null && continue ;;
        esac
        printf '%s\n' "$package"
    done <"$root/packaging/system-packages" | sort -u
}

# Sets $base to a supported Python that can make a virtual environment. Returns 1 where there is none.
find_python() {
    local candidate seen=
    for candidate in ${CASESTAGE_PYTHON:+"$CASESTAGE_PYTHON"} python3.12 python3.13 python3.11 python3 /usr/bin/python3; do
        "$candidate" -c "$supported" 2>/dev/null || continue
        seen=$candidate
        "$candidate" -c 'import ensurepip, venv' 2>/dev/null || continue
        base=$candidate
        return 0
    done
    without_venv=$seen
    return 1
}

# Prints the Python to build on, after installing it where it is missing and that is allowed.
need_python() {
    local base= without_venv= version
    find_python && { printf '%s\n' "$base"; return 0; }
    # What else is missing is asked for at the same time, so that a user types one line, not two.
    local others
    others=$(missing_packages "$1")
    # shellcheck disable=SC2086
    if [ -n "$without_venv" ]; then
        version=$("$without_venv" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        apt_install "python$version-venv" $others || return 1
    elif command -v apt-cache >/dev/null; then
        # A new container knows of no package at all until the lists are fetched.
        apt-cache show python3 >/dev/null 2>&1 || [ "$(id -u)" -ne 0 ] || apt-get update -q </dev/null >/dev/null 2>&1
        if apt-cache show python3.11 >/dev/null 2>&1; then
            apt_install python3.11 python3.11-venv $others || return 1
        else
            apt_install python3 python3-venv $others || return 1
        fi
    fi
    find_python && { printf '%s\n' "$base"; return 0; }
    say "CaseStage needs Python 3.11, 3.12 or 3.13 with its venv module, and none was found."
    say "Install one, or name it: CASESTAGE_PYTHON=/path/to/python packaging/run"
    return 1
}

# A fingerprint of everything that decides what is installed, and where.
fingerprint() {
    { printf '%s\n' "$root"; cat "$root/requirements.lock" "$root/pyproject.toml"; } | { sha256sum 2>/dev/null || shasum -a 256; }
}

# Makes $venv hold what "$1" (run or test) needs; quick when it already does.
install_python_packages() {
    local wanted chosen target="$root"
    wanted=$(fingerprint)
    if [ -x "$python" ]; then
        [ "$(cat "$venv/.casestage-test" 2>/dev/null)" = "$wanted" ] && return 0
        [ "$1" = run ] && [ "$(cat "$venv/.casestage-run" 2>/dev/null)" = "$wanted" ] && return 0
    fi
    # Two starts at once must not install into each other.
    if command -v flock >/dev/null; then
        exec 9<"$root/pyproject.toml"
        flock 9
        [ -x "$python" ] && [ "$(cat "$venv/.casestage-$1" 2>/dev/null)" = "$wanted" ] && { exec 9<&-; return 0; }
    fi
    if ! "$python" -c "$supported" 2>/dev/null || ! "$python" -c 'import pip' 2>/dev/null; then
        chosen=$(need_python "$1") || return 1
        rm -rf "$venv" 2>/dev/null
        if ! "$chosen" -m venv "$venv" >&2; then
            say "The virtual environment could not be made in $venv. Is the folder writable, and is there space?"
            return 1
        fi
    fi
    [ "$1" = test ] && target="$root[dev]"
    say "Installing CaseStage into .venv; the first time takes a minute or two and needs a network …"
    if ! "$python" -m pip install -qq --disable-pip-version-check --no-input --constraint "$root/requirements.lock" \
        --editable "$target" </dev/null >&2; then
        say "The Python packages could not be installed; the lines above say why. Nothing else was changed."
        return 1
    fi
    printf '%s\n' "$wanted" >"$venv/.casestage-$1"
    { exec 9<&-; } 2>/dev/null
    return 0
}
