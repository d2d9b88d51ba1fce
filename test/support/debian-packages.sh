# To be sourced by scripts that have a function `say`.
# install_missing FILE:PACKAGE...   Installs by apt, as root, the packages whose files are not there.
install_missing() {
  local pair packages=()
  for pair in "$@"; do
    [ -e "${pair%%:*}" ] || packages+=("${pair#*:}")
  done
  [ ${#packages[@]} -gt 0 ] || return 0
  say "installing ${packages[*]}"
  apt_install "${packages[@]}" 2> /dev/null || { apt-get -qq update && apt_install "${packages[@]}"; }
}

apt_install() { DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "$@" > /dev/null; }
