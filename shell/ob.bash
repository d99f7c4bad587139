# ob in an interactive bash, 3.2 and later: the prompt's segment, and `ob use`.
#
# PS1 shows the segment as ${OB_PS1-}. Put that where you like it; otherwise it is put first.
# A prompt starts no program. Only `ob shell` runs one `ob` when the credentials end soon.
# shellcheck shell=bash

OB_PS1=''
_ob_drawn=''
_ob_next=0
_ob_margin=0
_ob_retry=0
_ob_warn=900
_ob_warn_text=''
_ob_previous=${_ob_previous-}
_ob_vpn=''
# A file that exists while a tunnel is up, in the directory of the agent's socket.
if [[ ${XDG_RUNTIME_DIR-} == /* && -O $XDG_RUNTIME_DIR ]]; then
  _ob_tunnel=$XDG_RUNTIME_DIR/ob/vpn.up
else
  _ob_tunnel=${HOME-}/.local/state/ob/run/${HOSTNAME//[^[:alnum:]_-]/_}/vpn.up
fi
_ob_started=0
if [[ -n ${EPOCHSECONDS-} ]]; then
  _ob_clock=epoch
elif ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 402)); then
  _ob_clock=format
else
  # This bash has no clock variable: the time is read once, and counted from there.
  _ob_clock=count
  _ob_started=$(($(date +%s) - SECONDS))
fi

_ob_prompt() {
  local _ob_status=$? _ob_ends=${OB_EXPIRES-}
  _ob_vpn=''
  if [[ -e $_ob_tunnel ]]; then
    _ob_vpn=vpn
  fi
  if [[ -n ${OB_PROFILE-}${OB_ROLE-}$_ob_vpn ]]; then
    if [[ -n ${OB_STATE-} ]]; then
      _ob_ends=''
      if [[ -r $OB_STATE ]]; then
        { read -r _ob_ends <"$OB_STATE"; } 2>/dev/null || :
      fi
    fi
    # The segment stays until the next minute, unless what it shows has changed.
    if [[ ${EPOCHSECONDS-0} -ge $_ob_next || $_ob_drawn != "$_ob_ends|$_ob_vpn|${OB_PROFILE-}|${OB_ROLE-}|${OB_ACCOUNT-}|${OB_COLOR-}|${OB_SHELL_FORMAT-}" ]]; then
      _ob_segment "$_ob_ends"
    fi
  elif [[ -n $OB_PS1 ]]; then
    OB_PS1=''
    _ob_drawn=''
  fi
  if [[ ${PS1-} != *OB_PS1* ]]; then
    # shellcheck disable=SC2016 # bash expands it whenever it shows the prompt
    PS1='${OB_PS1-}'${PS1-}
  fi
  # Later prompt commands see the command's status. Under `set -e` it is no failure of ours.
  if [[ $- == *e* ]]; then
    return 0
  fi
  return "$_ob_status"
}

# $1: when the credentials expire, in seconds since 1970.
_ob_segment() {
  local until=$1 now=0 left=0 text='' style='' warn next at
  _ob_next=0
  # bash executes code in an arithmetic value, so only digits are let through.
  if ! _ob_is_time "$until"; then
    until=''
  fi
  if [[ -n $until ]]; then
    case $_ob_clock in
      epoch) now=$EPOCHSECONDS ;;
      format) printf -v now '%(%s)T' -1 ;;
      *) now=$((_ob_started + SECONDS)) ;;
    esac
    left=$((10#$until - now))
    # Like the agent: 20 minutes before the expiry, or after two thirds of a short life.
    if ((left / 3 > _ob_margin)); then
      _ob_margin=$((left / 3 < 1200 ? left / 3 : 1200))
    fi
    if [[ -n ${OB_TARGET-} ]] && ((left <= _ob_margin && now >= _ob_retry)); then
      _ob_renew "$now"
      if _ob_is_time "${OB_EXPIRES-}"; then
        until=$OB_EXPIRES
        left=$((10#$until - now))
      fi
    fi
    _ob_read_warn
    warn=$_ob_warn
    if ((left > warn)); then
      text=$((left / 60))m style=2
    elif ((left * 3 > warn)); then
      text=$((left / 60))m! style=33
    elif ((left > 0)); then
      text=$((left / 60))m!! style='1;31'
    else
      text=expired style='1;31'
    fi
    # When the segment changes next: a minute, a threshold, the renewal, the next attempt.
    next=$((left > 0 ? left % 60 + 1 : 60))
    for at in "$warn" "$((warn / 3))" "$_ob_margin" 0; do
      if ((left > at && left - at < next)); then
        next=$((left - at))
      fi
    done
    if [[ -n ${OB_TARGET-} ]] && ((left <= _ob_margin && _ob_retry - now < next)); then
      next=$((_ob_retry - now))
    fi
    if [[ $_ob_clock == epoch ]]; then
      _ob_next=$((now + next))
    fi
  elif [[ $_ob_clock == epoch ]]; then
    _ob_next=$((EPOCHSECONDS + 60))
  fi
  _ob_drawn="$until|$_ob_vpn|${OB_PROFILE-}|${OB_ROLE-}|${OB_ACCOUNT-}|${OB_COLOR-}|${OB_SHELL_FORMAT-}"
  _ob_draw "$text" "$style"
}

_ob_is_time() {
  case $1 in
    '' | *[!0-9]* | ?????????????*) return 1 ;;
  esac
}

# Builds the segment from the time left and its style, if it differs from the last one.
_ob_draw() {
  local format=${OB_SHELL_FORMAT-} left=$1 color='' off='' on='' name
  if [[ $format == none ]]; then
    OB_PS1=''
    return 0
  fi
  if [[ -z ${OB_PROFILE-}${OB_ROLE-} ]]; then
    # Without a role, only the tunnel is shown.
    if [[ -z $_ob_vpn || $format != *'{vpn}'* && -n $format ]]; then
      OB_PS1=''
      return 0
    fi
    format='{vpn}' left=''
  elif [[ -z $format ]]; then
    format='{profile} {vpn} {left}'
    if [[ -n ${OB_ROLE-} && -n ${OB_ACCOUNT-} ]]; then
      format='{account}/{role} {vpn} {left}'
    fi
  fi
  case ${OB_COLOR-} in
    red) color=31 ;;
    green) color=32 ;;
    yellow) color=33 ;;
    blue) color=34 ;;
    magenta) color=35 ;;
    cyan) color=36 ;;
    white) color=37 ;;
  esac
  if [[ -z ${NO_COLOR-} && ${TERM-dumb} != dumb ]]; then
    # Between \001 and \002, readline counts no columns.
    off=$'\001\e[0m\002'
    on=$off
    if [[ -n $color ]]; then
      on=$off$'\001\e['$color$'m\002'
    fi
    if [[ -n $left ]]; then
      left=$off$'\001\e['$2$'m\002'$left$on
    fi
  fi
  if [[ -z $left ]]; then
    format=${format// \{left\}/}
  fi
  if [[ -z $_ob_vpn ]]; then
    format=${format// \{vpn\}/}
    format=${format#'{vpn} '}
  fi
  format=${format//[[:cntrl:]]/}
  format=${format//\{vpn\}/"$_ob_vpn"}
  format=${format//\{left\}/"$left"}
  name=${OB_PROFILE-}
  format=${format//\{profile\}/"${name//[[:cntrl:]]/}"}
  name=${OB_ROLE-}
  format=${format//\{role\}/"${name//[[:cntrl:]]/}"}
  name=${OB_ACCOUNT-}
  format=${format//\{account\}/"${name//[[:cntrl:]]/}"}
  name=${OB_ENV-}
  format=${format//\{class\}/"${name//[[:cntrl:]]/}"}
  OB_PS1="$on$format$off "
}

_ob_read_warn() {
  local number unit=1
  if [[ ${OB_SHELL_WARN-} == "$_ob_warn_text" ]]; then
    return 0
  fi
  _ob_warn_text=${OB_SHELL_WARN-}
  _ob_warn=900
  number=$_ob_warn_text
  case $number in
    *h) unit=3600 ;;
    *m) unit=60 ;;
  esac
  number=${number%[hms]}
  case $number in
    '' | *[!0-9]* | ??????*) ;;
    *) _ob_warn=$((10#$number * unit)) ;;
  esac
}

# Renews credentials that end soon. After a failure, tries again in half a minute.
_ob_renew() {
  local trace='' answer
  _ob_retry=$(($1 + 30))
  if [[ $- == *x* ]]; then
    trace=1
    set +x
  fi
  if answer=$(command ob shell --renew bash </dev/null 2>/dev/null); then
    case $answer in
      '# ob'*) eval "$answer" || : ;;
    esac
  fi
  if [[ -n $trace ]]; then
    set -x
  fi
}

# The shell has printed which variable it did not change.
_ob_refused() {
  # shellcheck disable=SC2016 # the backquotes are for people
  printf '%s\n' 'ob: the switch is not complete: this shell has a readonly variable in the way' \
    '  hint: `readonly -p` lists them; `ob exec -p PROFILE -- CMD` needs no variable of this shell' >&2
}

ob() {
  if [[ ${1-} != use ]]; then
    command ob "$@"
    return
  fi
  local before=${OB_PROFILE-} answer
  shift
  answer=$(command ob use --shell bash --previous "$_ob_previous" "$@") || return
  case $answer in
    '# ob'*)
      # A readonly variable keeps its value: a command after `ob use PROFILE &&` must not run.
      if ! eval "$answer"; then
        _ob_refused
        return 1
      fi
      _ob_previous=$before
      ;;
    *) printf '%s\n' "$answer" ;;
  esac
}

case $- in
  *i*)
    # In an array, each command finds PIPESTATUS unchanged. Before 5.1 there is only the string.
    case " ${PROMPT_COMMAND[*]-} " in
      *_ob_prompt*) ;;
      *)
        if [[ -z ${PROMPT_COMMAND-} ]]; then
          PROMPT_COMMAND=_ob_prompt
        elif ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 501)); then
          PROMPT_COMMAND+=(_ob_prompt)
        else
          # shellcheck disable=SC2128,SC2178 # it is no array here
          PROMPT_COMMAND=$PROMPT_COMMAND$'\n'_ob_prompt
        fi
        ;;
    esac
    ;;
esac
