# ob in an interactive nushell: the prompt's segment, and `ob use`.
#
# The segment goes before PROMPT_COMMAND, or after PROMPT_COMMAND_RIGHT with OB_SHELL_SIDE=right.
# Both are wrapped once, so this belongs at the end of config.nu. A prompt starts no program. Only
# `ob shell` runs one `ob`, before a prompt or a command, when the credentials end soon.

def --env _ob_segment [] {
    # A file that exists while a tunnel is up.
    $env._ob.vpn = (if ($env._ob.tunnel | path exists) { "vpn" } else { "" })
    if ($env.OB_PROFILE? | is-empty) and ($env.OB_ROLE? | is-empty) and ($env._ob.vpn | is-empty) {
        $env._ob.ps1 = ""
        return
    }
    mut until = ($env.OB_EXPIRES? | default "")
    if ($env.OB_STATE? | is-not-empty) {
        $until = (try { open --raw $env.OB_STATE | decode utf-8 | str trim } catch { "" })
    }
    mut text = ""
    mut style = ""
    if ($until =~ '^[0-9]{1,12}$') {
        let now = ((date now | into int) // 1000000000)
        mut left = (($until | into int) - $now)
        # Like the agent: 20 minutes before the expiry, or after two thirds of a short life.
        $env._ob.margin = ([$env._ob.margin ([($left // 3) 1200] | math min)] | math max)
        if ($env.OB_TARGET? | is-not-empty) and $left <= $env._ob.margin and $now >= $env._ob.retry {
            $env._ob.retry = $now + 30
            _ob_renew
            if ($env.OB_EXPIRES =~ '^[0-9]{1,12}$') {
                $left = (($env.OB_EXPIRES | into int) - $now)
            }
        }
        let warn = (_ob_seconds ($env.OB_SHELL_WARN? | default ""))
        if $left > $warn {
            $text = $"($left // 60)m"
            $style = "2"
        } else if ($left * 3) > $warn {
            $text = $"($left // 60)m!"
            $style = "33"
        } else if $left > 0 {
            $text = $"($left // 60)m!!"
            $style = "1;31"
        } else {
            $text = "expired"
            $style = "1;31"
        }
    }
    $env._ob.ps1 = (_ob_draw $text $style)
}

def _ob_draw [left: string, style: string] {
    mut format = ($env.OB_SHELL_FORMAT? | default "")
    if $format == "none" {
        return ""
    }
    mut left = $left
    if ($env.OB_PROFILE? | is-empty) and ($env.OB_ROLE? | is-empty) {
        # Without a role, only the tunnel is shown.
        if ($format | is-not-empty) and not ($format | str contains "{vpn}") {
            return ""
        }
        $format = "{vpn}"
        $left = ""
    } else if ($format | is-empty) {
        $format = (if ($env.OB_ROLE? | is-empty) or ($env.OB_ACCOUNT? | is-empty) { "{profile} {vpn} {left}" } else { "{account}/{role} {vpn} {left}" })
    }
    if ($env._ob.vpn | is-empty) {
        $format = ($format | str replace --all " {vpn}" "" | str replace --regex '^\{vpn\} ' "")
    }
    let code = ({ red: "31", green: "32", yellow: "33", blue: "34", magenta: "35", cyan: "36", white: "37" } | get --optional ($env.OB_COLOR? | default "none"))
    let colored = ($env.NO_COLOR? | is-empty) and (($env.TERM? | default "dumb") != "dumb")
    let esc = (char --unicode "1b")
    let off = (if $colored { $"($esc)[0m" } else { "" })
    let on = (if $colored and ($code | is-not-empty) { $"($off)($esc)[($code)m" } else { $off })
    let shown = (if $colored and ($left | is-not-empty) { $"($off)($esc)[($style)m($left)($on)" } else { $left })
    if ($left | is-empty) {
        $format = ($format | str replace --all " {left}" "")
    }
    let text = ($format
        | str replace --all "{vpn}" $env._ob.vpn
        | str replace --all "{profile}" ($env.OB_PROFILE? | default "")
        | str replace --all "{role}" ($env.OB_ROLE? | default "")
        | str replace --all "{account}" ($env.OB_ACCOUNT? | default "")
        | str replace --all "{class}" ($env.OB_ENV? | default "")
        | str replace --all --regex '[[:cntrl:]]' ""
        | str replace --all "{left}" $shown)
    if ($env.OB_SHELL_SIDE? | default "") == "right" {
        $" ($on)($text)($off)"
    } else {
        $"($on)($text)($off) "
    }
}

# The directory of the agent's socket.
def _ob_tunnel [] {
    let runtime = ($env.XDG_RUNTIME_DIR? | default "")
    if ($runtime | str starts-with "/") and ($runtime | path exists) {
        return $"($runtime)/ob/vpn.up"
    }
    let host = (sys host | get hostname | str replace --all --regex '[^A-Za-z0-9_-]' "_")
    $"($env.HOME? | default '')/.local/state/ob/run/($host)/vpn.up"
}

def _ob_seconds [text: string] {
    let parts = ($text | parse --regex '^(?<number>[0-9]{1,5})(?<unit>[hms]?)$')
    if ($parts | is-empty) {
        return 900
    }
    let number = ($parts.0.number | into int)
    match $parts.0.unit {
        "h" => { $number * 3600 }
        "m" => { $number * 60 }
        _ => { $number }
    }
}

# Renews credentials that end soon. After a failure, tries again in half a minute.
def --env _ob_renew [] {
    let answer = (try { do { ^ob shell --renew nu } | complete } catch { { exit_code: 1, stdout: "" } })
    if $answer.exit_code == 0 {
        load-env ($answer.stdout | from json | get set)
    }
}

# `ob`, and in this shell `ob use PROFILE`
def --env --wrapped ob [...words] {
    if ($words | get --optional 0) != "use" {
        return (^ob ...$words)
    }
    let before = ($env.OB_PROFILE? | default "")
    let answer = (^ob use --shell nu --previous ($env._ob?.previous? | default "") ...($words | skip 1))
    if not ($answer | str starts-with '{"ob":1,') {
        return $answer
    }
    let changes = ($answer | from json)
    for name in $changes.unset {
        hide-env --ignore-errors $name
    }
    load-env $changes.set
    if ($env._ob? | is-not-empty) {
        $env._ob.previous = $before
    }
}

if $nu.is-interactive and ($env._ob? | is-empty) {
    $env._ob = {
        ps1: "", margin: 0, retry: 0, previous: "", vpn: ""
        tunnel: (_ob_tunnel)
        left: ($env.PROMPT_COMMAND? | default "")
        right: ($env.PROMPT_COMMAND_RIGHT? | default "")
    }
    $env.PROMPT_COMMAND = {||
        let before = (if ($env._ob.left | describe) == "closure" { do $env._ob.left } else { $env._ob.left })
        if ($env.OB_SHELL_SIDE? | default "") == "right" { $before } else { $"($env._ob.ps1)($before)" }
    }
    $env.PROMPT_COMMAND_RIGHT = {||
        let before = (if ($env._ob.right | describe) == "closure" { do $env._ob.right } else { $env._ob.right })
        if ($env.OB_SHELL_SIDE? | default "") == "right" { $"($before)($env._ob.ps1)" } else { $before }
    }
    $env.config.hooks.pre_prompt = ($env.config.hooks.pre_prompt? | default [] | append { _ob_segment })
    $env.config.hooks.pre_execution = ($env.config.hooks.pre_execution? | default [] | append {
        if ($env.OB_TARGET? | is-not-empty) { _ob_segment }
    })
}
