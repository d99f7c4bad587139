# `use ob PROFILE` for direnv's .envrc: AWS_PROFILE names a profile that gets its credentials from
# ob. The environment gets no key, and no question is asked: `ob config aws` must have written the
# profile.
# shellcheck shell=bash

use_ob() {
  local answer
  answer=$(command ob use --shell bash --never-ask "$@") || return
  eval "$answer"
}
