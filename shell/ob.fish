# ob in an interactive fish, 3.4 and later: the prompt's segment, and `ob use`.
#
# The segment goes before fish_prompt, or after fish_right_prompt with OB_SHELL_SIDE=right. Both are
# wrapped once, so this belongs at the end of config.fish. A prompt starts no program. Only
# `ob shell` runs one `ob`, before a prompt or a command, when the credentials end soon.

set -q _ob_previous; or set -g _ob_previous ''
set -g _ob_ps1 ''
set -g _ob_drawn ''
set -g _ob_next 0
set -g _ob_margin 0
set -g _ob_retry 0
set -g _ob_warn 900
set -g _ob_warn_text ''
set -g _ob_vpn ''
# A file that exists while a tunnel is up, in the directory of the agent's socket.
if string match -q '/*' -- "$XDG_RUNTIME_DIR"; and test -O "$XDG_RUNTIME_DIR"
    set -g _ob_tunnel $XDG_RUNTIME_DIR/ob/vpn.up
else
    set -g _ob_tunnel $HOME/.local/state/ob/run/(string replace -ar '[^A-Za-z0-9_-]' _ -- "$hostname")/vpn.up
end

# The time minus /proc/uptime: a file's age and its date give the time without a program.
function _ob_anchor
    set -g _ob_boot ''
    if test -r /proc/uptime; and builtin -q path
        read -l up _ </proc/uptime
        set -g _ob_boot (math -s0 (path mtime /) + (path mtime -R /) - $up)
    end
end

function _ob_look --on-event fish_prompt
    set -g _ob_vpn ''
    test -e "$_ob_tunnel"; and set -g _ob_vpn vpn
    if test -z "$OB_PROFILE$OB_ROLE$_ob_vpn"
        if test -n "$_ob_ps1"
            set -g _ob_ps1 ''
            set -g _ob_drawn ''
        end
        return
    end
    set -l ends "$OB_EXPIRES"
    if set -q OB_STATE
        set ends ''
        test -r "$OB_STATE"; and read ends <"$OB_STATE" 2>/dev/null
    end
    # The segment stays until the next minute, unless what it shows has changed.
    set -l up 0
    test -n "$_ob_boot"; and read up _ </proc/uptime
    if test -z "$_ob_boot" -o "$up" -ge "$_ob_next" -o "$_ob_drawn" != "$ends|$_ob_vpn|$OB_PROFILE|$OB_ROLE|$OB_ACCOUNT|$OB_COLOR|$OB_SHELL_FORMAT|$OB_SHELL_SIDE"
        _ob_segment "$ends" $up
    end
end

# When the credentials expire, and the uptime.
function _ob_segment
    set -l until $argv[1]
    set -l text
    set -l style
    set -l next 60
    if string match -qr '^[0-9]{1,12}$' -- "$until"
        set -l now
        if test -n "$_ob_boot"
            set now (math -s0 $_ob_boot + $argv[2])
        else if builtin -q path
            set now (math (path mtime /) + (path mtime -R /))
        else
            set now (command date +%s)
        end
        set -l left (math $until - $now)
        # Like the agent: 20 minutes before the expiry, or after two thirds of a short life.
        set -g _ob_margin (math "max($_ob_margin, min(floor($left / 3), 1200))")
        if set -q OB_TARGET; and test $left -le $_ob_margin -a $now -ge $_ob_retry
            _ob_renew $now
            if string match -qr '^[0-9]{1,12}$' -- "$OB_EXPIRES"
                set until $OB_EXPIRES
                set left (math $until - $now)
            end
        end
        _ob_read_warn
        set -l alarm (math "floor($_ob_warn / 3)")
        set -l minutes (math "floor($left / 60)")m
        if test $left -gt $_ob_warn
            set text $minutes
            set style 2
        else if test $left -gt $alarm
            set text $minutes!
            set style 33
        else if test $left -gt 0
            set text $minutes!!
            set style '1;31'
        else
            set text expired
            set style '1;31'
        end
        # When the segment changes next: a minute, a threshold, the renewal, the next attempt.
        test $left -gt 0; and set next (math $left % 60 + 1)
        for at in $_ob_warn $alarm $_ob_margin 0
            set -l until_then (math $left - $at)
            test $until_then -gt 0 -a $until_then -lt $next; and set next $until_then
        end
        if set -q OB_TARGET; and test $left -le $_ob_margin
            set next (math "min($next, $_ob_retry - $now)")
        end
    end
    set -g _ob_next (math $argv[2] + $next)
    set -g _ob_drawn "$until|$_ob_vpn|$OB_PROFILE|$OB_ROLE|$OB_ACCOUNT|$OB_COLOR|$OB_SHELL_FORMAT|$OB_SHELL_SIDE"
    _ob_draw "$text" "$style"
end

# After an idle time, renews before the next command.
function _ob_preexec --on-event fish_preexec
    set -q OB_TARGET; and _ob_look
end

# Builds the segment from the time left and its style, if it differs from the last one.
function _ob_draw
    set -l left $argv[1]
    set -l format "$OB_SHELL_FORMAT"
    set -g _ob_ps1 ''
    test "$format" = none; and return
    if test -z "$OB_PROFILE$OB_ROLE"
        # Without a role, only the tunnel is shown.
        test -n "$_ob_vpn"; or return 0
        test -z "$format"; or string match -q '*{vpn}*' -- $format; or return 0
        set format '{vpn}'
        set left ''
    else if test -z "$format"
        set format '{profile} {vpn} {left}'
        test -n "$OB_ROLE" -a -n "$OB_ACCOUNT"; and set format '{account}/{role} {vpn} {left}'
    end
    set -l color
    switch "$OB_COLOR"
        case red
            set color 31
        case green
            set color 32
        case yellow
            set color 33
        case blue
            set color 34
        case magenta
            set color 35
        case cyan
            set color 36
        case white
            set color 37
    end
    test -z "$left"; and set format (string replace -a ' {left}' '' -- $format)
    if test -z "$_ob_vpn"
        set format (string replace -a ' {vpn}' '' -- $format)
        set format (string replace -r '^\{vpn\} ' '' -- $format)
    end
    set format (string replace -a '{vpn}' -- "$_ob_vpn" $format)
    set format (string replace -a '{profile}' -- "$OB_PROFILE" $format)
    set format (string replace -a '{role}' -- "$OB_ROLE" $format)
    set format (string replace -a '{account}' -- "$OB_ACCOUNT" $format)
    set format (string replace -a '{class}' -- "$OB_ENV" $format)
    set format (string replace -ar '[[:cntrl:]]' '' -- $format | string join '')
    set -l off
    set -l on
    if test -z "$NO_COLOR" -a -n "$TERM" -a "$TERM" != dumb
        set off \e'[0m'
        set on $off
        test -n "$color"; and set on $off\e'['$color'm'
        test -n "$left"; and set left $off\e"[$argv[2]m"$left$on
    end
    set format (string replace -a '{left}' -- "$left" $format)
    if test "$OB_SHELL_SIDE" = right
        set -g _ob_ps1 " $on$format$off"
    else
        set -g _ob_ps1 "$on$format$off "
    end
end

function _ob_read_warn
    test "$OB_SHELL_WARN" = "$_ob_warn_text"; and return
    set -g _ob_warn_text "$OB_SHELL_WARN"
    set -g _ob_warn 900
    set -l parts (string match -r '^([0-9]{1,5})([hms]?)$' -- "$OB_SHELL_WARN")
    or return 0
    set -g _ob_warn $parts[2]
    switch "$parts[3]"
        case h
            set -g _ob_warn (math $parts[2] x 3600)
        case m
            set -g _ob_warn (math $parts[2] x 60)
    end
end

# Renews credentials that end soon. After a failure, tries again in half a minute.
function _ob_renew
    set -l fish_trace
    set -g _ob_retry (math $argv[1] + 30)
    set -l answer (command ob shell --renew fish </dev/null 2>/dev/null)
    or return
    string match -q '# ob*' -- "$answer[1]"; and string join \n -- $answer | source
    _ob_anchor
end

function ob --wraps ob
    if test "$argv[1]" != use
        command ob $argv
        return
    end
    set -l before "$OB_PROFILE"
    set -l answer (command ob use --shell fish --previous "$_ob_previous" $argv[2..-1])
    or return
    if string match -q '# ob*' -- "$answer[1]"
        string join \n -- $answer | source
        set -g _ob_previous $before
        # `set` leaves the status, which is 4 if a variable to erase did not exist.
        return 0
    else
        string join \n -- $answer
    end
end

if status is-interactive; and not functions -q _ob_prompt_before
    _ob_anchor
    functions -q fish_prompt; or function fish_prompt
    end
    functions -c fish_prompt _ob_prompt_before
    # The user's prompt runs first and finds $status and $pipestatus unchanged.
    function fish_prompt
        set -l lines (_ob_prompt_before)
        if test "$OB_SHELL_SIDE" != right
            printf %s $_ob_ps1
        end
        printf %s (string join \n -- $lines | string collect)
    end
    functions -q fish_right_prompt; or function fish_right_prompt
    end
    functions -c fish_right_prompt _ob_right_prompt_before
    function fish_right_prompt
        _ob_right_prompt_before
        if test "$OB_SHELL_SIDE" = right
            printf %s $_ob_ps1
        end
    end
end
