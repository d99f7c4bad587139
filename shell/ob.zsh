# ob in an interactive zsh: the prompt's segment, and `ob use`.
#
# The segment goes before PROMPT, or after RPROMPT with OB_SHELL_SIDE=right; a PROMPT or RPROMPT that names
# ${OB_PS1} itself (with promptsubst) is left alone. A prompt starts no program. In `ob shell`, credentials
# that come to their end are renewed, by one `ob`, before a prompt or a command.

zmodload zsh/datetime 2>/dev/null || :

typeset -g OB_PS1='' _ob_drawn=' ' _ob_until='' _ob_warn_text='' _ob_left_of='' _ob_right_of=''
typeset -g _ob_previous="${_ob_previous-}"
typeset -gi _ob_margin=0 _ob_retry=0 _ob_warn=900

_ob_precmd() {
  if [[ -n "${OB_PROFILE-}${OB_ROLE-}" ]]; then
    _ob_segment
  elif [[ -n "$OB_PS1" ]]; then
    OB_PS1='' _ob_drawn=' '
  fi
  # With promptsubst the prompt is expanded once: the variable's value is then only text with % in it.
  local ob_text="$OB_PS1" ob_left='' ob_right=''
  if [[ -n "$ob_text" && -o promptsubst ]]; then
    ob_text='${OB_PS1-}'
  fi
  case "${OB_SHELL_SIDE-}" in
    right) ob_right="$ob_text" ;;
    *) ob_left="$ob_text" ;;
  esac
  if [[ "$ob_left" != "$_ob_left_of" || "${PROMPT-}" != "$ob_left"* ]]; then
    PROMPT="${${PROMPT-}#"$_ob_left_of"}"
    _ob_left_of=''
    if [[ "$PROMPT" != *OB_PS1* ]]; then
      PROMPT="$ob_left$PROMPT" _ob_left_of="$ob_left"
    fi
  fi
  if [[ "$ob_right" != "$_ob_right_of" || "${RPROMPT-}" != *"$ob_right" ]]; then
    RPROMPT="${${RPROMPT-}%"$_ob_right_of"}"
    _ob_right_of=''
    if [[ "$RPROMPT" != *OB_PS1* ]]; then
      RPROMPT="$RPROMPT$ob_right" _ob_right_of="$ob_right"
    fi
  fi
}

# A shell that stood idle renews before the command that needs it.
_ob_preexec() {
  if [[ -n "${OB_TARGET-}" ]]; then
    _ob_segment
  fi
}

_ob_segment() {
  local ob_until="${OB_EXPIRES-}" ob_text='' ob_style='' ob_key
  local -i ob_left
  if [[ -n "${OB_STATE-}" ]]; then
    ob_until=''
    if [[ -r "$OB_STATE" ]]; then
      { read -r ob_until <"$OB_STATE" } 2>/dev/null || :
    fi
  fi
  # zsh would run what arithmetic finds in a variable: only a number gets there.
  if [[ -z "$ob_until" || "$ob_until" == *[^0-9]* || "${#ob_until}" -gt 12 ]]; then
    ob_until=''
  fi
  if [[ -n "$ob_until" && -n "${EPOCHSECONDS-}" ]]; then
    ob_left=$((ob_until - EPOCHSECONDS))
    if [[ "$ob_until" != "$_ob_until" ]]; then
      _ob_until="$ob_until"
      _ob_margin=$((ob_left / 3 < 1200 ? ob_left / 3 : 1200))
    fi
    if [[ -n "${OB_TARGET-}" ]] && ((ob_left <= _ob_margin && EPOCHSECONDS >= _ob_retry)); then
      _ob_renew
      ob_until="${OB_EXPIRES-}"
      if [[ -n "$ob_until" && "$ob_until" != *[^0-9]* && "${#ob_until}" -le 12 ]]; then
        ob_left=$((ob_until - EPOCHSECONDS))
      fi
    fi
    if [[ "${OB_SHELL_WARN-}" != "$_ob_warn_text" ]]; then
      _ob_read_warn
    fi
    if ((ob_left > _ob_warn)); then
      ob_text="$((ob_left / 60))m" ob_style=2
    elif ((ob_left * 3 > _ob_warn)); then
      ob_text="$((ob_left / 60))m!" ob_style=33
    elif ((ob_left > 0)); then
      ob_text="$((ob_left / 60))m!!" ob_style='1;31'
    else
      ob_text=expired ob_style='1;31'
    fi
  fi
  ob_key="$ob_text|${OB_PROFILE-}|${OB_ROLE-}|${OB_ACCOUNT-}|${OB_ENV-}|${OB_COLOR-}|${OB_SHELL_FORMAT-}|${OB_SHELL_SIDE-}|${NO_COLOR-}|${TERM-}"
  if [[ "$ob_key" != "$_ob_drawn" ]]; then
    _ob_drawn="$ob_key"
    _ob_draw "$ob_text" "$ob_style"
  fi
}

# Makes the segment of the time that is left and its style: only when it differs from the one before.
_ob_draw() {
  emulate -L zsh
  setopt noxtrace
  local format="${OB_SHELL_FORMAT-}" left="$1" color='' on='' off='' text=''
  OB_PS1=''
  if [[ "$format" == none ]]; then
    return 0
  fi
  if [[ -z "$format" ]]; then
    format='{profile} {left}'
    if [[ -n "${OB_ROLE-}" && -n "${OB_ACCOUNT-}" ]]; then
      format='{account}/{role} {left}'
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
  text="$format"
  text="${text//\{profile\}/${OB_PROFILE-}}"
  text="${text//\{role\}/${OB_ROLE-}}"
  text="${text//\{account\}/${OB_ACCOUNT-}}"
  text="${text//\{class\}/${OB_ENV-}}"
  text="${text//[[:cntrl:]]/}"
  # To a prompt a % is an escape, and %% is a %.
  text="${text//\%/%%}"
  if [[ -z "${NO_COLOR-}" && "${TERM-dumb}" != dumb ]]; then
    off=$'%{\e[0m%}'
    on="$off${color:+%{$'\e['${color}m%\}}"
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

# Takes the place of the credentials that end soon; when there are none, asks again in half a minute.
_ob_renew() {
  emulate -L zsh
  setopt noxtrace
  local answer
  _ob_retry=$((EPOCHSECONDS + 30))
  if answer="$(command ob shell --renew zsh </dev/null 2>/dev/null)"; then
    if [[ "$answer" == '# ob'* ]]; then
      eval "$answer"
    fi
  fi
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
    eval "$answer"
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
