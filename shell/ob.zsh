# ob in an interactive zsh: the prompt's segment, and `ob use`.
#
# The segment goes before PROMPT, or after RPROMPT with OB_SHELL_SIDE=right. A prompt that names
# ${OB_PS1} itself (with promptsubst) is left alone. A prompt starts no program. Only `ob shell` runs
# one `ob`, before a prompt or a command, when the credentials end soon.

zmodload zsh/datetime 2>/dev/null || :

typeset -g OB_PS1='' _ob_drawn='' _ob_warn_text='' _ob_ends='' _ob_placed='' _ob_left_of='' _ob_right_of=''
typeset -g _ob_previous="${_ob_previous-}" _ob_vpn='' _ob_tunnel=''
# A file that exists while a tunnel is up, in the directory of the agent's socket.
if [[ "${XDG_RUNTIME_DIR-}" == /* && -O "$XDG_RUNTIME_DIR" ]]; then
  _ob_tunnel="$XDG_RUNTIME_DIR/ob/vpn.up"
else
  _ob_tunnel="${HOME-}/.local/state/ob/run/${HOST//[^[:alnum:]_-]/_}/vpn.up"
fi
typeset -gi _ob_next=0 _ob_margin=0 _ob_retry=0 _ob_warn=900

_ob_precmd() {
  _ob_vpn=''
  if [[ -e "$_ob_tunnel" ]]; then
    _ob_vpn=vpn
  fi
  if [[ -n "${OB_PROFILE-}${OB_ROLE-}$_ob_vpn" ]]; then
    _ob_ends="${OB_EXPIRES-}"
    if [[ -n "${OB_STATE-}" ]]; then
      _ob_read_state
    fi
    # The segment stays until the next minute, unless what it shows has changed.
    if [[ "${EPOCHSECONDS-0}" -ge "$_ob_next" || "$_ob_drawn" != "$_ob_ends|$_ob_vpn|${OB_PROFILE-}|${OB_ROLE-}|${OB_ACCOUNT-}|${OB_COLOR-}|${OB_SHELL_FORMAT-}|${OB_SHELL_SIDE-}" ]]; then
      _ob_segment "$_ob_ends"
    fi
  elif [[ -n "$OB_PS1" ]]; then
    OB_PS1='' _ob_drawn=''
  fi
  # Text that is inserted literally would be executed once promptsubst is set.
  local subst=''
  if [[ -o promptsubst ]]; then
    subst=1
  fi
  if [[ "$_ob_placed" != "$subst|$OB_PS1|${PROMPT-}|${RPROMPT-}" ]]; then
    if [[ -n "$subst" ]]; then
      _ob_place '${OB_PS1-}'
    else
      _ob_place "$OB_PS1"
    fi
    _ob_placed="$subst|$OB_PS1|$PROMPT|$RPROMPT"
  fi
}

# After an idle time, renews before the next command.
_ob_preexec() {
  if [[ -n "${OB_TARGET-}" && "${EPOCHSECONDS-0}" -ge "$_ob_next" ]]; then
    _ob_segment "${OB_EXPIRES-}"
  fi
}

_ob_read_state() {
  _ob_ends=''
  if [[ -r "$OB_STATE" ]]; then
    { read -r _ob_ends <"$OB_STATE" } 2>/dev/null || :
  fi
}

# Puts the segment into the prompt. With promptsubst, the variable is named there: the prompt is
# expanded once, so the variable's value is not executed.
_ob_place() {
  emulate -L zsh
  setopt noxtrace
  local left="$1" right=''
  if [[ -z "$OB_PS1" ]]; then
    left=''
  elif [[ "${OB_SHELL_SIDE-}" == right ]]; then
    left='' right="$1"
  fi
  PROMPT="${${PROMPT-}#"$_ob_left_of"}" RPROMPT="${${RPROMPT-}%"$_ob_right_of"}"
  _ob_left_of='' _ob_right_of=''
  if [[ "$PROMPT" != *OB_PS1* ]]; then
    PROMPT="$left$PROMPT" _ob_left_of="$left"
  fi
  if [[ "$RPROMPT" != *OB_PS1* ]]; then
    RPROMPT="$RPROMPT$right" _ob_right_of="$right"
  fi
}

# $1: when the credentials expire, in seconds since 1970.
_ob_segment() {
  emulate -L zsh
  setopt noxtrace
  local until="$1" text='' style=''
  local -i left=0 next=60 at now=${EPOCHSECONDS-0}
  # zsh executes code in an arithmetic value, so only digits are let through.
  if ! _ob_is_time "$until" || ((now == 0)); then
    until=''
  else
    left=$((until - now))
    # Like the agent: 20 minutes before the expiry, or after two thirds of a short life.
    if ((left / 3 > _ob_margin)); then
      _ob_margin=$((left / 3 < 1200 ? left / 3 : 1200))
    fi
    if [[ -n "${OB_TARGET-}" ]] && ((left <= _ob_margin && now >= _ob_retry)); then
      _ob_renew
      if _ob_is_time "${OB_EXPIRES-}"; then
        until="$OB_EXPIRES"
        left=$((until - now))
      fi
    fi
    _ob_read_warn
    if ((left > _ob_warn)); then
      text="$((left / 60))m" style=2
    elif ((left * 3 > _ob_warn)); then
      text="$((left / 60))m!" style=33
    elif ((left > 0)); then
      text="$((left / 60))m!!" style='1;31'
    else
      text=expired style='1;31'
    fi
    # When the segment changes next: a minute, a threshold, the renewal, the next attempt.
    next=$((left > 0 ? left % 60 + 1 : 60))
    for at in "$_ob_warn" "$((_ob_warn / 3))" "$_ob_margin" 0; do
      if ((left > at && left - at < next)); then
        next=$((left - at))
      fi
    done
    if [[ -n "${OB_TARGET-}" ]] && ((left <= _ob_margin && _ob_retry - now < next)); then
      next=$((_ob_retry - now))
    fi
  fi
  _ob_next=$((now + next))
  _ob_drawn="$until|$_ob_vpn|${OB_PROFILE-}|${OB_ROLE-}|${OB_ACCOUNT-}|${OB_COLOR-}|${OB_SHELL_FORMAT-}|${OB_SHELL_SIDE-}"
  _ob_draw "$text" "$style"
}

_ob_is_time() {
  [[ -n "$1" && "$1" != *[^0-9]* && "${#1}" -le 12 ]]
}

# Builds the segment from the time left and its style, if it differs from the last one.
_ob_draw() {
  emulate -L zsh
  setopt noxtrace
  local format="${OB_SHELL_FORMAT-}" left="$1" color='' on='' off='' text=''
  OB_PS1='' _ob_placed=''
  if [[ "$format" == none ]]; then
    return 0
  fi
  if [[ -z "${OB_PROFILE-}${OB_ROLE-}" ]]; then
    # Without a role, only the tunnel is shown.
    if [[ -z "$_ob_vpn" || "$format" != *'{vpn}'* && -n "$format" ]]; then
      return 0
    fi
    format='{vpn}' left=''
  elif [[ -z "$format" ]]; then
    format='{profile} {vpn} {left}'
    if [[ -n "${OB_ROLE-}" && -n "${OB_ACCOUNT-}" ]]; then
      format='{account}/{role} {vpn} {left}'
    fi
  fi
  case "${OB_COLOR-}" in
    red) color=31 ;;
    green) color=32 ;;
    yellow) color=33 ;;
    blue) color=34 ;;
    magenta) color=35 ;;
    cyan) color=36 ;;
    white) color=37 ;;
  esac
  if [[ -z "$left" ]]; then
    format="${format// \{left\}/}"
  fi
  if [[ -z "$_ob_vpn" ]]; then
    format="${format// \{vpn\}/}"
    format="${format#\{vpn\} }"
  fi
  text="${format//\{vpn\}/$_ob_vpn}"
  text="${text//\{profile\}/${OB_PROFILE-}}"
  text="${text//\{role\}/${OB_ROLE-}}"
  text="${text//\{account\}/${OB_ACCOUNT-}}"
  text="${text//\{class\}/${OB_ENV-}}"
  text="${text//[[:cntrl:]]/}"
  # In a prompt, % is an escape, and %% is a %.
  text="${text//\%/%%}"
  if [[ -z "${NO_COLOR-}" && "${TERM-dumb}" != dumb ]]; then
    off=$'%{\e[0m%}'
    on="$off"
    if [[ -n "$color" ]]; then
      on+="%{"$'\e'"[${color}m%}"
    fi
    if [[ -n "$left" ]]; then
      left="$off%{"$'\e'"[$2m%}$left$on"
    fi
  fi
  text="${text//\{left\}/$left}"
  case "${OB_SHELL_SIDE-}" in
    right) OB_PS1=" $on$text$off" ;;
    *) OB_PS1="$on$text$off " ;;
  esac
}

_ob_read_warn() {
  emulate -L zsh
  local number
  local -i unit=1
  if [[ "${OB_SHELL_WARN-}" == "$_ob_warn_text" ]]; then
    return 0
  fi
  _ob_warn_text="${OB_SHELL_WARN-}"
  _ob_warn=900
  number="$_ob_warn_text"
  case "$number" in
    *h) unit=3600 ;;
    *m) unit=60 ;;
  esac
  number="${number%[hms]}"
  if [[ -n "$number" && "$number" != *[^0-9]* && "${#number}" -le 5 ]]; then
    _ob_warn=$((number * unit))
  fi
}

# Renews credentials that end soon. After a failure, tries again in half a minute.
_ob_renew() {
  emulate -L zsh
  setopt noxtrace
  local answer
  _ob_retry=$((EPOCHSECONDS + 30))
  if answer="$(command ob shell --renew zsh </dev/null 2>/dev/null)"; then
    if [[ "$answer" == '# ob'* ]]; then
      eval "$answer" || :
    fi
  fi
}

# The shell has printed which variable it did not change.
_ob_refused() {
  print -lr -- 'ob: the switch is not complete: this shell has a readonly variable in the way' \
    '  hint: `readonly -p` lists them; `ob exec -p PROFILE -- CMD` needs no variable of this shell' >&2
}

ob() {
  if [[ "${1-}" != use ]]; then
    command ob "$@"
    return
  fi
  local before="${OB_PROFILE-}" answer
  shift
  answer="$(command ob use --shell zsh --previous "$_ob_previous" "$@")" || return
  if [[ "$answer" == '# ob'* ]]; then
    # A readonly variable keeps its value: a command after `ob use PROFILE &&` must not run.
    if ! eval "$answer"; then
      _ob_refused
      return 1
    fi
    _ob_previous="$before"
  else
    print -r -- "$answer"
  fi
}

if [[ -o interactive ]]; then
  typeset -ga precmd_functions preexec_functions
  precmd_functions=(${precmd_functions:#_ob_precmd} _ob_precmd)
  preexec_functions=(${preexec_functions:#_ob_preexec} _ob_preexec)
fi
