#!/bin/bash
# Puts Fujita into this box and keeps it as it should be. Run it as root, again and again: what is as it should be is
# left alone, and nothing restarts.
#
#   provision.sh [--config FILE]                 default: /vagrant/fujita.yml; it may come later
#                [--user NAME]                   whose code the projects are, default: vagrant
#                [--source DIR-OR-REQUIREMENT]   default: the checkout that this script lies in, else fujita from PyPI
#   provision.sh --remove                        takes all of it out again
#
# Makes /opt/fujita (a virtual environment of its own; the projects' are never touched), /usr/local/bin/fujita, and
# fujita.service and fujita.socket in /etc/systemd/system. Without a network, what is installed stays.
set -eEuo pipefail
trap 'echo "fujita: line $LINENO of provision.sh failed: $BASH_COMMAND" >&2' ERR
umask 022

VENV=/opt/fujita
LINK=/usr/local/bin/fujita
UNITS=/etc/systemd/system
HOST_FILE=/run/fujita-host.json # what Vagrant's host told us: fujita.rb writes it
DEFAULT_PORT=9000
PARTS=(setup.py pyproject.toml MANIFEST.in README.md fujita deploy) # of a checkout: what the package is built from

main() {
  read_options "$@"
  [ "$(id -u)" = 0 ] || die "run me as root"
  [ -d /run/systemd/system ] || die "this machine was not started by systemd, which is to run the sidecar"
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  if [ "$remove" ]; then
    remove_all
    return
  fi
  id -u "$user" >/dev/null 2>&1 || die "there is no user $user in this box: --user says whose code it is"
  check_source
  ensure_python
  install_fujita
  install_units
  start_units
  say "Fujita $(version) answers on port $port of this box: http://localhost:$(host_port)/"
}

read_options() {
  config=/vagrant/fujita.yml user=vagrant source='' remove=''
  service_changed='' socket_changed='' # what has to be restarted in the end
  while [ $# -gt 0 ]; do
    case $1 in
      --remove) remove=yes && shift && continue ;;
      --config | --user | --source) [ "${2:-}" ] || die "$1 wants a value" ;;
      *) usage ;;
    esac
    case $1 in
      --config) config=$(realpath -ms -- "$2") ;;
      --user) user=$2 ;;
      --source) source=$2 ;;
    esac
    shift 2
  done
  local checkout
  checkout=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../..
  [ "$source" ] || source=$([ -e "$checkout/fujita/serve.py" ] && realpath "$checkout" || echo fujita)
}

# --- Python

ensure_python() {
  python3 -c 'import ensurepip, venv' 2>/dev/null || apt_install python3 python3-venv
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' ||
    die "Fujita needs Python 3.10, this box has $(python3 -V): take Debian 12, Ubuntu 22.04, or a newer one"
}

apt_install() {
  command -v apt-get >/dev/null || die "$* is missing, and this box has no apt-get to install it with"
  local get=(apt-get -qq -o DPkg::Lock::Timeout=120)
  export DEBIAN_FRONTEND=noninteractive
  {
    "${get[@]}" install -y --no-install-recommends "$@" ||
      { "${get[@]}" update && "${get[@]}" install -y --no-install-recommends "$@"; }
  } >"$work/apt" 2>&1 || die "apt-get could not install $*: $(reason "$work/apt" '^E:')"
}

# --- The package

install_fujita() {
  local stamp before
  stamp=$(source_stamp)
  [ "$(cat "$VENV/source" 2>/dev/null)" != "$stamp" ] || ! installed || return 0
  before=$(packages)
  if ! installed; then
    rm -rf "$VENV"
    python3 -m venv "$VENV" 2>"$work/pip" || die "python3 could not make $VENV: $(reason "$work/pip" Error)"
    pip_install || die "pip could not install $source: $(reason "$work/pip" 'ERROR:')"
  elif ! pip_install --upgrade --retries 1 --timeout 10; then
    say "Fujita $(version) stays: pip could not look for a newer one: $(reason "$work/pip" 'ERROR:')" >&2
    return 0
  fi
  ln -sfn "$VENV/bin/fujita" "$LINK"
  case $source in
    */* | *==* | *@*) echo "$stamp" >"$VENV/source" ;;
    *) rm -f "$VENV/source" ;; # without a version it may mean a newer one tomorrow: pip is asked each time
  esac
  [ ! -d "$source" ] && [ "$before" = "$(packages)" ] || service_changed=yes
}

installed() { "$VENV/bin/python" -c 'import fujita' 2>/dev/null; }
version() { "$VENV/bin/python" -c 'import fujita; print(fujita.__version__)'; }
packages() { compgen -G "$VENV/lib/python3*/site-packages/*.dist-info" || true; }

check_source() {
  if [ -d "$source" ]; then
    [ -e "$source/fujita/serve.py" ] || die "$source is no checkout of Fujita: it has no fujita/serve.py"
  elif [[ $source == /* && ! -f $source ]]; then
    die "there is no $source in this box: is its folder mounted?"
  fi
}

source_stamp() { # changes whenever what would be installed does
  if [ -d "$source" ]; then
    (cd "$source" && find "${PARTS[@]}" -type f ! -name '*.pyc' -print0 | sort -z | xargs -0 sha256sum) | sha256sum
  elif [ -f "$source" ]; then
    sha256sum "$source"
  else
    echo "$source"
  fi
}

pip_install() { # from a copy, since setuptools leaves its marks in the folder that it builds
  local from=$source
  if [ -d "$source" ]; then
    from=$work/checkout
    mkdir "$from"
    (cd "$source" && tar -cf - --exclude='*.pyc' "${PARTS[@]}") | tar -C "$from" -xf - --no-same-owner
  fi
  "$VENV/bin/python" -m pip install --quiet --no-input --no-cache-dir --disable-pip-version-check "$@" "$from" \
    >"$work/pip" 2>&1
}

# --- The units

install_units() {
  local units=$VENV/share/fujita/systemd # they come with the package
  port=$(configured_port)
  put fujita.service <"$units/fujita.service" && service_changed=yes
  put fujita.socket <"$units/fujita.socket" && socket_changed=yes
  put fujita.service.d/provision.conf < <(service_conf) && service_changed=yes
  put fujita.socket.d/provision.conf < <(socket_conf) && socket_changed=yes
  return 0
}

service_conf() {
  local path=${config//\\/\\\\}
  path=${path//\"/\\\"}
  printf '# Written by provision.sh.\n[Service]\nUser=%s\nEnvironment="FUJITA_CONFIG=%s"\n' "$user" "${path//%/%%}"
}

socket_conf() {
  printf '# Written by provision.sh: the port of console.listen.\n[Socket]\nListenStream=\nListenStream=0.0.0.0:%s\n' "$port"
}

configured_port() { # as fujita.yml says; while it cannot be read, as before
  local ask='import sys, pathlib, fujita.config.load as c; print(c.load(pathlib.Path(sys.argv[1])).console.port or 9000)'
  runuser -u "$user" -- "$VENV/bin/python" -c "$ask" "$config" 2>/dev/null ||
    grep -oE '[0-9]+$' "$UNITS/fujita.socket.d/provision.conf" 2>/dev/null ||
    echo "$DEFAULT_PORT"
}

put() { # true if the file is another one now
  local file=$UNITS/$1
  cat >"$work/unit"
  ! cmp -s "$work/unit" "$file" || return 1
  install -D -m 644 "$work/unit" "$file" || die "$file cannot be written"
}

start_units() {
  [ -z "$service_changed$socket_changed" ] || systemctl daemon-reload
  systemctl --quiet enable fujita.service fujita.socket
  systemctl reset-failed fujita.service fujita.socket 2>/dev/null || true
  [ -z "$socket_changed" ] || systemctl stop fujita.socket # and with it the service
  systemctl start fujita.socket 2>/dev/null ||
    die "port $port of this box cannot be opened$(taken_by); write another one as console.listen in $config"
  systemctl "${service_changed:+re}start" fujita.service 2>/dev/null ||
    die "the sidecar does not start: $(journalctl -u fujita.service -t fujita -o cat -n 1), see: journalctl -u fujita"
}

taken_by() {
  ss -ltnpH "sport = :$port" 2>/dev/null | sed -nE '1s/.*users:\(\("([^"]*)",pid=([0-9]+).*/, \1 (pid \2) has it/p'
}

host_port() { # as Vagrant corrected it, if it said so
  grep -oE "\"$port\": ?[0-9]+" "$HOST_FILE" 2>/dev/null | grep -oE '[0-9]+$' || echo "$port"
}

# --- The end

remove_all() {
  systemctl --quiet disable --now fujita.service fujita.socket 2>/dev/null || true
  rm -rf "$VENV" "$UNITS"/fujita.{service,socket} "$UNITS"/fujita.{service,socket}.d "$HOST_FILE"
  [ "$(readlink "$LINK")" != "$VENV/bin/fujita" ] || rm "$LINK"
  systemctl daemon-reload
  systemctl reset-failed fujita.service fujita.socket 2>/dev/null || true
  say "Fujita is gone from this box; python3-venv and the journal stay"
}

reason() { # the line that says why, of a program's output
  { grep -m 1 -E "$2" "$1" || tail -n 1 "$1"; } | sed 's/^ *//' | cut -c 1-300
}

say() { echo "$*"; }
die() { echo "fujita: $*" >&2 && exit 1; }
usage() { sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}" >&2 && exit 2; }

main "$@"
