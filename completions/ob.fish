# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_ob_global_optspecs
    string join \n config= org= no-agent json v/verbose color= h/help V/version
end

function __fish_ob_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_ob_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_ob_using_subcommand
    set -l cmd (__fish_ob_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c ob -n "__fish_ob_needs_command" -l config -d 'Settings file to read instead of your own' -r -F
complete -c ob -n "__fish_ob_needs_command" -l org -d 'One of several orgs, by its name in the settings' -r -f -a '(command ob complete orgs 2>/dev/null </dev/null)'
complete -c ob -n "__fish_ob_needs_command" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal whose `TERM` is set and not `dumb`, unless `NO_COLOR` is set (no-color.org)'
always\t''
never\t''"
complete -c ob -n "__fish_ob_needs_command" -l no-agent -d 'Run an agent for this one command only'
complete -c ob -n "__fish_ob_needs_command" -l json -d 'Print JSON instead of words'
complete -c ob -n "__fish_ob_needs_command" -s v -l verbose -d 'Say each step as it is taken'
complete -c ob -n "__fish_ob_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ob -n "__fish_ob_needs_command" -s V -l version -d 'Print version'
complete -c ob -n "__fish_ob_needs_command" -f -a "login" -d 'Sign in to Okta now'
complete -c ob -n "__fish_ob_needs_command" -f -a "logout" -d 'Wipe every credential and end the Okta session'
complete -c ob -n "__fish_ob_needs_command" -f -a "exec" -d 'Run a command with a role\'s credentials in its environment'
complete -c ob -n "__fish_ob_needs_command" -f -a "env" -d 'Print a role\'s credentials as variables, for `eval "$(ob env)"`'
complete -c ob -n "__fish_ob_needs_command" -f -a "shell" -d 'Start a shell that holds a role, shows it in its prompt and renews it'
complete -c ob -n "__fish_ob_needs_command" -f -a "use" -d 'Switch this shell to a profile, with no keys in its environment'
complete -c ob -n "__fish_ob_needs_command" -f -a "credential" -d 'Print credentials for an SDK\'s `credential_process`; never asks'
complete -c ob -n "__fish_ob_needs_command" -f -a "write" -d 'Write credentials to ~/.aws/credentials, for programs that read nothing else'
complete -c ob -n "__fish_ob_needs_command" -f -a "console" -d 'Open the AWS console, signed in with a role'
complete -c ob -n "__fish_ob_needs_command" -f -a "roles" -d 'List the roles you may assume'
complete -c ob -n "__fish_ob_needs_command" -f -a "list" -d 'List your profiles, with their roles and how long the credentials of each last'
complete -c ob -n "__fish_ob_needs_command" -f -a "status" -d 'Show the session, the roles held and the VPN'
complete -c ob -n "__fish_ob_needs_command" -f -a "vpn" -d 'Bring up the VPN, look at it, take it down'
complete -c ob -n "__fish_ob_needs_command" -f -a "agent" -d 'Look at the agent, or stop it'
complete -c ob -n "__fish_ob_needs_command" -f -a "config" -d 'Make, check and show the settings'
complete -c ob -n "__fish_ob_needs_command" -f -a "doctor" -d 'Look for what is wrong, and say what to type next'
complete -c ob -n "__fish_ob_needs_command" -f -a "init" -d 'Print what a shell sources: the prompt\'s segment and `ob use`'
complete -c ob -n "__fish_ob_needs_command" -f -a "completions" -d 'Print the completion script of a shell'
complete -c ob -n "__fish_ob_needs_command" -f -a "man" -d 'Print a page of the manual: `ob man exec | man -l -`'
complete -c ob -n "__fish_ob_needs_command" -f -a "help" -d 'Say how a verb is used: `ob help exec`'
complete -c ob -n "__fish_ob_using_subcommand login" -l factor -d 'Verify with this factor (token: RSA, VIP; webauthn: a security key)' -r -f -a "push\t''
totp\t''
sms\t''
call\t''
email\t''
question\t''
token\t''
yubikey\t''
hotp\t''
webauthn\t''
password\t''"
complete -c ob -n "__fish_ob_using_subcommand login" -l config -d 'Settings file to read instead of your own' -r -F
complete -c ob -n "__fish_ob_using_subcommand login" -l org -d 'One of several orgs, by its name in the settings' -r -f -a '(command ob complete orgs 2>/dev/null </dev/null)'
complete -c ob -n "__fish_ob_using_subcommand login" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal whose `TERM` is set and not `dumb`, unless `NO_COLOR` is set (no-color.org)'
always\t''
never\t''"
complete -c ob -n "__fish_ob_using_subcommand login" -l again -d 'Sign in again even if a session is live'
complete -c ob -n "__fish_ob_using_subcommand login" -l password-stdin -d 'Read the password from the first line of standard input'
complete -c ob -n "__fish_ob_using_subcommand login" -l passcode-stdin -d 'Read the passcode from standard input: its first line, or the one after the password'
complete -c ob -n "__fish_ob_using_subcommand login" -l no-agent -d 'Run an agent for this one command only'
complete -c ob -n "__fish_ob_using_subcommand login" -l json -d 'Print JSON instead of words'
complete -c ob -n "__fish_ob_using_subcommand login" -s v -l verbose -d 'Say each step as it is taken'
complete -c ob -n "__fish_ob_using_subcommand login" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ob -n "__fish_ob_using_subcommand logout" -l config -d 'Settings file to read instead of your own' -r -F
complete -c ob -n "__fish_ob_using_subcommand logout" -l org -d 'One of several orgs, by its name in the settings' -r -f -a '(command ob complete orgs 2>/dev/null </dev/null)'
complete -c ob -n "__fish_ob_using_subcommand logout" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal whose `TERM` is set and not `dumb`, unless `NO_COLOR` is set (no-color.org)'
always\t''
never\t''"
complete -c ob -n "__fish_ob_using_subcommand logout" -l no-agent -d 'Run an agent for this one command only'
complete -c ob -n "__fish_ob_using_subcommand logout" -l json -d 'Print JSON instead of words'
complete -c ob -n "__fish_ob_using_subcommand logout" -s v -l verbose -d 'Say each step as it is taken'
complete -c ob -n "__fish_ob_using_subcommand logout" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ob -n "__fish_ob_using_subcommand exec" -s p -l profile -d 'A profile of the settings' -r -f -a '(command ob complete profiles 2>/dev/null </dev/null)'
complete -c ob -n "__fish_ob_using_subcommand exec" -s r -l role -d 'A role: its ARN, ACCOUNT/ROLE, its name, or a glob that matches one' -r -f -a '(command ob complete roles 2>/dev/null </dev/null)'
complete -c ob -n "__fish_ob_using_subcommand exec" -l provider -d 'Only roles of this identity provider: its ARN, name or a glob' -r
complete -c ob -n "__fish_ob_using_subcommand exec" -l region -d 'AWS region for STS and the command' -r
complete -c ob -n "__fish_ob_using_subcommand exec" -l duration -d 'How long the credentials should last, 15m to 12h' -r
complete -c ob -n "__fish_ob_using_subcommand exec" -l policy-arn -d 'Keep nothing of the role but what this managed policy allows; up to ten times' -r
complete -c ob -n "__fish_ob_using_subcommand exec" -l min-ttl -d 'Start only if the credentials last at least this long: 45m' -r
complete -c ob -n "__fish_ob_using_subcommand exec" -l factor -d 'Verify with this factor (token: RSA, VIP; webauthn: a security key)' -r -f -a "push\t''
totp\t''
sms\t''
call\t''
email\t''
question\t''
token\t''
yubikey\t''
hotp\t''
webauthn\t''
password\t''"
complete -c ob -n "__fish_ob_using_subcommand exec" -l config -d 'Settings file to read instead of your own' -r -F
complete -c ob -n "__fish_ob_using_subcommand exec" -l org -d 'One of several orgs, by its name in the settings' -r -f -a '(command ob complete orgs 2>/dev/null </dev/null)'
complete -c ob -n "__fish_ob_using_subcommand exec" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal whose `TERM` is set and not `dumb`, unless `NO_COLOR` is set (no-color.org)'
always\t''
never\t''"
complete -c ob -n "__fish_ob_using_subcommand exec" -l read-only -d 'Keep nothing of the role but what AWS\'s ReadOnlyAccess allows'
complete -c ob -n "__fish_ob_using_subcommand exec" -l choose -d 'Open the menu of roles, also where you have chosen one in this terminal; with -p or -r, of those that match'
complete -c ob -n "__fish_ob_using_subcommand exec" -l refresh -d 'For runs longer than credentials last: no keys in the environment, the command\'s SDK renews by itself'
complete -c ob -n "__fish_ob_using_subcommand exec" -l password-stdin -d 'Read the password from the first line of standard input'
complete -c ob -n "__fish_ob_using_subcommand exec" -l passcode-stdin -d 'Read the passcode from standard input: its first line, or the one after the password'
complete -c ob -n "__fish_ob_using_subcommand exec" -l no-agent -d 'Run an agent for this one command only'
complete -c ob -n "__fish_ob_using_subcommand exec" -l json -d 'Print JSON instead of words'
complete -c ob -n "__fish_ob_using_subcommand exec" -s v -l verbose -d 'Say each step as it is taken'
complete -c ob -n "__fish_ob_using_subcommand exec" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ob -n "__fish_ob_using_subcommand env" -s p -l profile -d 'A profile of the settings' -r -f -a '(command ob complete profiles 2>/dev/null </dev/null)'
complete -c ob -n "__fish_ob_using_subcommand env" -s r -l role -d 'A role: its ARN, ACCOUNT/ROLE, its name, or a glob that matches one' -r -f -a '(command ob complete roles 2>/dev/null </dev/null)'
complete -c ob -n "__fish_ob_using_subcommand env" -l provider -d 'Only roles of this identity provider: its ARN, name or a glob' -r
complete -c ob -n "__fish_ob_using_subcommand env" -l region -d 'AWS region for STS and the command' -r
complete -c ob -n "__fish_ob_using_subcommand env" -l duration -d 'How long the credentials should last, 15m to 12h' -r
complete -c ob -n "__fish_ob_using_subcommand env" -l policy-arn -d 'Keep nothing of the role but what this managed policy allows; up to ten times' -r
complete -c ob -n "__fish_ob_using_subcommand env" -l shell -d 'The shell to write for; else the one that runs ob, or what SHELL names' -r -f -a "bash\t''
zsh\t''
fish\t''
nu\t''
powershell\t''"
complete -c ob -n "__fish_ob_using_subcommand env" -l format -d 'Write for a program instead' -r -f -a "dotenv\t'NAME=value, as docker and .env readers take it'
json\t'One object'"
complete -c ob -n "__fish_ob_using_subcommand env" -l min-ttl -d 'Only if the credentials last at least this long: 45m' -r
complete -c ob -n "__fish_ob_using_subcommand env" -l factor -d 'Verify with this factor (token: RSA, VIP; webauthn: a security key)' -r -f -a "push\t''
totp\t''
sms\t''
call\t''
email\t''
question\t''
token\t''
yubikey\t''
hotp\t''
webauthn\t''
password\t''"
complete -c ob -n "__fish_ob_using_subcommand env" -l config -d 'Settings file to read instead of your own' -r -F
complete -c ob -n "__fish_ob_using_subcommand env" -l org -d 'One of several orgs, by its name in the settings' -r -f -a '(command ob complete orgs 2>/dev/null </dev/null)'
complete -c ob -n "__fish_ob_using_subcommand env" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal whose `TERM` is set and not `dumb`, unless `NO_COLOR` is set (no-color.org)'
always\t''
never\t''"
complete -c ob -n "__fish_ob_using_subcommand env" -l read-only -d 'Keep nothing of the role but what AWS\'s ReadOnlyAccess allows'
complete -c ob -n "__fish_ob_using_subcommand env" -l choose -d 'Open the menu of roles, also where you have chosen one in this terminal; with -p or -r, of those that match'
complete -c ob -n "__fish_ob_using_subcommand env" -l unset -d 'Take the variables out of the shell again; asks nobody'
complete -c ob -n "__fish_ob_using_subcommand env" -l legacy -d 'Names that only old programs read, too: AWS_SECURITY_TOKEN, X_SECURITY_TOKEN_EXPIRES'
complete -c ob -n "__fish_ob_using_subcommand env" -l reveal -d 'Write secrets even to a terminal, where they can be seen'
complete -c ob -n "__fish_ob_using_subcommand env" -l password-stdin -d 'Read the password from the first line of standard input'
complete -c ob -n "__fish_ob_using_subcommand env" -l passcode-stdin -d 'Read the passcode from standard input: its first line, or the one after the password'
complete -c ob -n "__fish_ob_using_subcommand env" -l no-agent -d 'Run an agent for this one command only'
complete -c ob -n "__fish_ob_using_subcommand env" -l json -d 'Print JSON instead of words'
complete -c ob -n "__fish_ob_using_subcommand env" -s v -l verbose -d 'Say each step as it is taken'
complete -c ob -n "__fish_ob_using_subcommand env" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ob -n "__fish_ob_using_subcommand shell" -s p -l profile -d 'A profile of the settings' -r -f -a '(command ob complete profiles 2>/dev/null </dev/null)'
complete -c ob -n "__fish_ob_using_subcommand shell" -s r -l role -d 'A role: its ARN, ACCOUNT/ROLE, its name, or a glob that matches one' -r -f -a '(command ob complete roles 2>/dev/null </dev/null)'
complete -c ob -n "__fish_ob_using_subcommand shell" -l provider -d 'Only roles of this identity provider: its ARN, name or a glob' -r
complete -c ob -n "__fish_ob_using_subcommand shell" -l region -d 'AWS region for STS and the command' -r
complete -c ob -n "__fish_ob_using_subcommand shell" -l duration -d 'How long the credentials should last, 15m to 12h' -r
complete -c ob -n "__fish_ob_using_subcommand shell" -l policy-arn -d 'Keep nothing of the role but what this managed policy allows; up to ten times' -r
complete -c ob -n "__fish_ob_using_subcommand shell" -l shell -d 'bash, zsh, fish or nu, by name or path, instead of $SHELL' -r -f -a 'bash zsh fish nu'
complete -c ob -n "__fish_ob_using_subcommand shell" -l factor -d 'Verify with this factor (token: RSA, VIP; webauthn: a security key)' -r -f -a "push\t''
totp\t''
sms\t''
call\t''
email\t''
question\t''
token\t''
yubikey\t''
hotp\t''
webauthn\t''
password\t''"
complete -c ob -n "__fish_ob_using_subcommand shell" -l config -d 'Settings file to read instead of your own' -r -F
complete -c ob -n "__fish_ob_using_subcommand shell" -l org -d 'One of several orgs, by its name in the settings' -r -f -a '(command ob complete orgs 2>/dev/null </dev/null)'
complete -c ob -n "__fish_ob_using_subcommand shell" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal whose `TERM` is set and not `dumb`, unless `NO_COLOR` is set (no-color.org)'
always\t''
never\t''"
complete -c ob -n "__fish_ob_using_subcommand shell" -l read-only -d 'Keep nothing of the role but what AWS\'s ReadOnlyAccess allows'
complete -c ob -n "__fish_ob_using_subcommand shell" -l choose -d 'Open the menu of roles, also where you have chosen one in this terminal; with -p or -r, of those that match'
complete -c ob -n "__fish_ob_using_subcommand shell" -l password-stdin -d 'Read the password from the first line of standard input'
complete -c ob -n "__fish_ob_using_subcommand shell" -l passcode-stdin -d 'Read the passcode from standard input: its first line, or the one after the password'
complete -c ob -n "__fish_ob_using_subcommand shell" -l no-agent -d 'Run an agent for this one command only'
complete -c ob -n "__fish_ob_using_subcommand shell" -l json -d 'Print JSON instead of words'
complete -c ob -n "__fish_ob_using_subcommand shell" -s v -l verbose -d 'Say each step as it is taken'
complete -c ob -n "__fish_ob_using_subcommand shell" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ob -n "__fish_ob_using_subcommand use" -l config -d 'Settings file to read instead of your own' -r -F
complete -c ob -n "__fish_ob_using_subcommand use" -l org -d 'One of several orgs, by its name in the settings' -r -f -a '(command ob complete orgs 2>/dev/null </dev/null)'
complete -c ob -n "__fish_ob_using_subcommand use" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal whose `TERM` is set and not `dumb`, unless `NO_COLOR` is set (no-color.org)'
always\t''
never\t''"
complete -c ob -n "__fish_ob_using_subcommand use" -l unset -d 'Leave every profile: this shell has no role and no AWS credentials then'
complete -c ob -n "__fish_ob_using_subcommand use" -l no-agent -d 'Run an agent for this one command only'
complete -c ob -n "__fish_ob_using_subcommand use" -l json -d 'Print JSON instead of words'
complete -c ob -n "__fish_ob_using_subcommand use" -s v -l verbose -d 'Say each step as it is taken'
complete -c ob -n "__fish_ob_using_subcommand use" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ob -n "__fish_ob_using_subcommand credential" -s p -l profile -d 'A profile of the settings' -r -f -a '(command ob complete profiles 2>/dev/null </dev/null)'
complete -c ob -n "__fish_ob_using_subcommand credential" -s r -l role -d 'A role: its ARN, ACCOUNT/ROLE, its name, or a glob that matches one' -r -f -a '(command ob complete roles 2>/dev/null </dev/null)'
complete -c ob -n "__fish_ob_using_subcommand credential" -l provider -d 'Only roles of this identity provider: its ARN, name or a glob' -r
complete -c ob -n "__fish_ob_using_subcommand credential" -l region -d 'AWS region for STS and the command' -r
complete -c ob -n "__fish_ob_using_subcommand credential" -l duration -d 'How long the credentials should last, 15m to 12h' -r
complete -c ob -n "__fish_ob_using_subcommand credential" -l policy-arn -d 'Keep nothing of the role but what this managed policy allows; up to ten times' -r
complete -c ob -n "__fish_ob_using_subcommand credential" -l config -d 'Settings file to read instead of your own' -r -F
complete -c ob -n "__fish_ob_using_subcommand credential" -l org -d 'One of several orgs, by its name in the settings' -r -f -a '(command ob complete orgs 2>/dev/null </dev/null)'
complete -c ob -n "__fish_ob_using_subcommand credential" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal whose `TERM` is set and not `dumb`, unless `NO_COLOR` is set (no-color.org)'
always\t''
never\t''"
complete -c ob -n "__fish_ob_using_subcommand credential" -l read-only -d 'Keep nothing of the role but what AWS\'s ReadOnlyAccess allows'
complete -c ob -n "__fish_ob_using_subcommand credential" -l no-agent -d 'Run an agent for this one command only'
complete -c ob -n "__fish_ob_using_subcommand credential" -l json -d 'Print JSON instead of words'
complete -c ob -n "__fish_ob_using_subcommand credential" -s v -l verbose -d 'Say each step as it is taken'
complete -c ob -n "__fish_ob_using_subcommand credential" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ob -n "__fish_ob_using_subcommand write" -s p -l profile -d 'A profile of the settings; may be given again' -r -f -a '(command ob complete profiles 2>/dev/null </dev/null)'
complete -c ob -n "__fish_ob_using_subcommand write" -s r -l role -d 'A role: its ARN, ACCOUNT/ROLE, its name, or a glob that matches one; may be given again' -r -f -a '(command ob complete roles 2>/dev/null </dev/null)'
complete -c ob -n "__fish_ob_using_subcommand write" -l region -d 'AWS region for STS' -r
complete -c ob -n "__fish_ob_using_subcommand write" -l duration -d 'How long the credentials should last, 15m to 12h' -r
complete -c ob -n "__fish_ob_using_subcommand write" -l policy-arn -d 'Keep nothing of the role but what this managed policy allows; up to ten times' -r
complete -c ob -n "__fish_ob_using_subcommand write" -l file -d 'The file, instead of AWS_SHARED_CREDENTIALS_FILE or ~/.aws/credentials' -r -F
complete -c ob -n "__fish_ob_using_subcommand write" -l name-template -d 'How sections are called, made of {alias} {account} {role} {path} {profile}; else the profile, or {alias}-{role}' -r
complete -c ob -n "__fish_ob_using_subcommand write" -l factor -d 'Verify with this factor (token: RSA, VIP; webauthn: a security key)' -r -f -a "push\t''
totp\t''
sms\t''
call\t''
email\t''
question\t''
token\t''
yubikey\t''
hotp\t''
webauthn\t''
password\t''"
complete -c ob -n "__fish_ob_using_subcommand write" -l config -d 'Settings file to read instead of your own' -r -F
complete -c ob -n "__fish_ob_using_subcommand write" -l org -d 'One of several orgs, by its name in the settings' -r -f -a '(command ob complete orgs 2>/dev/null </dev/null)'
complete -c ob -n "__fish_ob_using_subcommand write" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal whose `TERM` is set and not `dumb`, unless `NO_COLOR` is set (no-color.org)'
always\t''
never\t''"
complete -c ob -n "__fish_ob_using_subcommand write" -l all -d 'Every role of every app'
complete -c ob -n "__fish_ob_using_subcommand write" -l read-only -d 'Keep nothing of the role but what AWS\'s ReadOnlyAccess allows'
complete -c ob -n "__fish_ob_using_subcommand write" -l choose -d 'Open the menu of roles, also where you have chosen one in this terminal; with -p or -r, of those that match'
complete -c ob -n "__fish_ob_using_subcommand write" -l replace -d 'Replace sections of these names that ob has not written'
complete -c ob -n "__fish_ob_using_subcommand write" -l legacy -d 'aws_security_token, too, for old programs'
complete -c ob -n "__fish_ob_using_subcommand write" -l link -d 'Also write the roles it hands on to, as role_arn and source_profile in ~/.aws/config: those of `chain`, else those its policies name'
complete -c ob -n "__fish_ob_using_subcommand write" -l watch -d 'Stay, and renew 10 minutes before they expire'
complete -c ob -n "__fish_ob_using_subcommand write" -l clean -d 'Take out everything that ob has written'
complete -c ob -n "__fish_ob_using_subcommand write" -l password-stdin -d 'Read the password from the first line of standard input'
complete -c ob -n "__fish_ob_using_subcommand write" -l passcode-stdin -d 'Read the passcode from standard input: its first line, or the one after the password'
complete -c ob -n "__fish_ob_using_subcommand write" -l no-agent -d 'Run an agent for this one command only'
complete -c ob -n "__fish_ob_using_subcommand write" -l json -d 'Print JSON instead of words'
complete -c ob -n "__fish_ob_using_subcommand write" -s v -l verbose -d 'Say each step as it is taken'
complete -c ob -n "__fish_ob_using_subcommand write" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ob -n "__fish_ob_using_subcommand console" -s p -l profile -d 'A profile of the settings' -r -f -a '(command ob complete profiles 2>/dev/null </dev/null)'
complete -c ob -n "__fish_ob_using_subcommand console" -s r -l role -d 'A role: its ARN, ACCOUNT/ROLE, its name, or a glob that matches one' -r -f -a '(command ob complete roles 2>/dev/null </dev/null)'
complete -c ob -n "__fish_ob_using_subcommand console" -l provider -d 'Only roles of this identity provider: its ARN, name or a glob' -r
complete -c ob -n "__fish_ob_using_subcommand console" -l region -d 'AWS region for STS and the command' -r
complete -c ob -n "__fish_ob_using_subcommand console" -l duration -d 'How long the credentials should last, 15m to 12h' -r
complete -c ob -n "__fish_ob_using_subcommand console" -l policy-arn -d 'Keep nothing of the role but what this managed policy allows; up to ten times' -r
complete -c ob -n "__fish_ob_using_subcommand console" -s s -l service -d 'The page to open, as in the console\'s address: s3, \'cloudwatch#logsV2:log-groups\', or a whole address' -r
complete -c ob -n "__fish_ob_using_subcommand console" -l browser -d 'Open each account\'s console in a container (with an add-on) or a browser profile of its own' -r -f -a "firefox-containers\t''
chrome\t''
chromium\t''
edge\t''
brave\t''"
complete -c ob -n "__fish_ob_using_subcommand console" -l browser-command -d 'What opens the page: \'firefox -P work {url}\'' -r
complete -c ob -n "__fish_ob_using_subcommand console" -l factor -d 'Verify with this factor (token: RSA, VIP; webauthn: a security key)' -r -f -a "push\t''
totp\t''
sms\t''
call\t''
email\t''
question\t''
token\t''
yubikey\t''
hotp\t''
webauthn\t''
password\t''"
complete -c ob -n "__fish_ob_using_subcommand console" -l config -d 'Settings file to read instead of your own' -r -F
complete -c ob -n "__fish_ob_using_subcommand console" -l org -d 'One of several orgs, by its name in the settings' -r -f -a '(command ob complete orgs 2>/dev/null </dev/null)'
complete -c ob -n "__fish_ob_using_subcommand console" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal whose `TERM` is set and not `dumb`, unless `NO_COLOR` is set (no-color.org)'
always\t''
never\t''"
complete -c ob -n "__fish_ob_using_subcommand console" -l read-only -d 'Keep nothing of the role but what AWS\'s ReadOnlyAccess allows'
complete -c ob -n "__fish_ob_using_subcommand console" -l choose -d 'Open the menu of roles, also where you have chosen one in this terminal; with -p or -r, of those that match'
complete -c ob -n "__fish_ob_using_subcommand console" -l print -d 'Print the address, which signs in whoever opens it within 15 minutes'
complete -c ob -n "__fish_ob_using_subcommand console" -l password-stdin -d 'Read the password from the first line of standard input'
complete -c ob -n "__fish_ob_using_subcommand console" -l passcode-stdin -d 'Read the passcode from standard input: its first line, or the one after the password'
complete -c ob -n "__fish_ob_using_subcommand console" -l no-agent -d 'Run an agent for this one command only'
complete -c ob -n "__fish_ob_using_subcommand console" -l json -d 'Print JSON instead of words'
complete -c ob -n "__fish_ob_using_subcommand console" -s v -l verbose -d 'Say each step as it is taken'
complete -c ob -n "__fish_ob_using_subcommand console" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ob -n "__fish_ob_using_subcommand roles" -s p -l profile -d 'The profile whose role is read' -r -f -a '(command ob complete profiles 2>/dev/null </dev/null)'
complete -c ob -n "__fish_ob_using_subcommand roles" -s r -l role -d 'The role that is read: its ARN, ACCOUNT/ROLE, its name, or a glob that matches one' -r -f -a '(command ob complete roles 2>/dev/null </dev/null)'
complete -c ob -n "__fish_ob_using_subcommand roles" -l with -d 'Read with this profile\'s credentials, where the role may not read its own policies' -r
complete -c ob -n "__fish_ob_using_subcommand roles" -l factor -d 'Verify with this factor (token: RSA, VIP; webauthn: a security key)' -r -f -a "push\t''
totp\t''
sms\t''
call\t''
email\t''
question\t''
token\t''
yubikey\t''
hotp\t''
webauthn\t''
password\t''"
complete -c ob -n "__fish_ob_using_subcommand roles" -l config -d 'Settings file to read instead of your own' -r -F
complete -c ob -n "__fish_ob_using_subcommand roles" -l org -d 'One of several orgs, by its name in the settings' -r -f -a '(command ob complete orgs 2>/dev/null </dev/null)'
complete -c ob -n "__fish_ob_using_subcommand roles" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal whose `TERM` is set and not `dumb`, unless `NO_COLOR` is set (no-color.org)'
always\t''
never\t''"
complete -c ob -n "__fish_ob_using_subcommand roles" -l refresh -d 'Read the list from Okta again'
complete -c ob -n "__fish_ob_using_subcommand roles" -l names -d 'Read it again, and ask IAM what the accounts are called, with a role of each'
complete -c ob -n "__fish_ob_using_subcommand roles" -l discover -d 'Read a role\'s policies and list the roles they let it go on to'
complete -c ob -n "__fish_ob_using_subcommand roles" -l choose -d 'Open the menu of roles, also where you have chosen one in this terminal'
complete -c ob -n "__fish_ob_using_subcommand roles" -l password-stdin -d 'Read the password from the first line of standard input'
complete -c ob -n "__fish_ob_using_subcommand roles" -l passcode-stdin -d 'Read the passcode from standard input: its first line, or the one after the password'
complete -c ob -n "__fish_ob_using_subcommand roles" -l no-agent -d 'Run an agent for this one command only'
complete -c ob -n "__fish_ob_using_subcommand roles" -l json -d 'Print JSON instead of words'
complete -c ob -n "__fish_ob_using_subcommand roles" -s v -l verbose -d 'Say each step as it is taken'
complete -c ob -n "__fish_ob_using_subcommand roles" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ob -n "__fish_ob_using_subcommand list" -l config -d 'Settings file to read instead of your own' -r -F
complete -c ob -n "__fish_ob_using_subcommand list" -l org -d 'One of several orgs, by its name in the settings' -r -f -a '(command ob complete orgs 2>/dev/null </dev/null)'
complete -c ob -n "__fish_ob_using_subcommand list" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal whose `TERM` is set and not `dumb`, unless `NO_COLOR` is set (no-color.org)'
always\t''
never\t''"
complete -c ob -n "__fish_ob_using_subcommand list" -l no-agent -d 'Run an agent for this one command only'
complete -c ob -n "__fish_ob_using_subcommand list" -l json -d 'Print JSON instead of words'
complete -c ob -n "__fish_ob_using_subcommand list" -s v -l verbose -d 'Say each step as it is taken'
complete -c ob -n "__fish_ob_using_subcommand list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ob -n "__fish_ob_using_subcommand status" -l config -d 'Settings file to read instead of your own' -r -F
complete -c ob -n "__fish_ob_using_subcommand status" -l org -d 'One of several orgs, by its name in the settings' -r -f -a '(command ob complete orgs 2>/dev/null </dev/null)'
complete -c ob -n "__fish_ob_using_subcommand status" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal whose `TERM` is set and not `dumb`, unless `NO_COLOR` is set (no-color.org)'
always\t''
never\t''"
complete -c ob -n "__fish_ob_using_subcommand status" -l no-agent -d 'Run an agent for this one command only'
complete -c ob -n "__fish_ob_using_subcommand status" -l json -d 'Print JSON instead of words'
complete -c ob -n "__fish_ob_using_subcommand status" -s v -l verbose -d 'Say each step as it is taken'
complete -c ob -n "__fish_ob_using_subcommand status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ob -n "__fish_ob_using_subcommand vpn; and not __fish_seen_subcommand_from up down status logs profile exec" -l config -d 'Settings file to read instead of your own' -r -F
complete -c ob -n "__fish_ob_using_subcommand vpn; and not __fish_seen_subcommand_from up down status logs profile exec" -l org -d 'One of several orgs, by its name in the settings' -r -f -a '(command ob complete orgs 2>/dev/null </dev/null)'
complete -c ob -n "__fish_ob_using_subcommand vpn; and not __fish_seen_subcommand_from up down status logs profile exec" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal whose `TERM` is set and not `dumb`, unless `NO_COLOR` is set (no-color.org)'
always\t''
never\t''"
complete -c ob -n "__fish_ob_using_subcommand vpn; and not __fish_seen_subcommand_from up down status logs profile exec" -l no-agent -d 'Run an agent for this one command only'
complete -c ob -n "__fish_ob_using_subcommand vpn; and not __fish_seen_subcommand_from up down status logs profile exec" -l json -d 'Print JSON instead of words'
complete -c ob -n "__fish_ob_using_subcommand vpn; and not __fish_seen_subcommand_from up down status logs profile exec" -s v -l verbose -d 'Say each step as it is taken'
complete -c ob -n "__fish_ob_using_subcommand vpn; and not __fish_seen_subcommand_from up down status logs profile exec" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ob -n "__fish_ob_using_subcommand vpn; and not __fish_seen_subcommand_from up down status logs profile exec" -f -a "up" -d 'Bring up the VPN; it stays until Ctrl-C, or in the background with --detach'
complete -c ob -n "__fish_ob_using_subcommand vpn; and not __fish_seen_subcommand_from up down status logs profile exec" -f -a "down" -d 'Take the VPN down'
complete -c ob -n "__fish_ob_using_subcommand vpn; and not __fish_seen_subcommand_from up down status logs profile exec" -f -a "status" -d 'Show the tunnel; exits 1 when there is none'
complete -c ob -n "__fish_ob_using_subcommand vpn; and not __fish_seen_subcommand_from up down status logs profile exec" -f -a "logs" -d 'Show what openvpn said; it is kept in memory, and gone with the tunnel'
complete -c ob -n "__fish_ob_using_subcommand vpn; and not __fish_seen_subcommand_from up down status logs profile exec" -f -a "profile" -d 'Fetch a profile and show what is in it; its text never leaves memory'
complete -c ob -n "__fish_ob_using_subcommand vpn; and not __fish_seen_subcommand_from up down status logs profile exec" -f -a "exec" -d 'Run one command inside the tunnel, in a network of its own; needs no root'
complete -c ob -n "__fish_ob_using_subcommand vpn; and __fish_seen_subcommand_from up" -l route -d 'Route this network and no other through the tunnel; repeat for more' -r
complete -c ob -n "__fish_ob_using_subcommand vpn; and __fish_seen_subcommand_from up" -l dns-scope -d 'Ask the VPN\'s name servers for every name, or only for names in the domains it pushes' -r -f -a "all\t''
domains\t''"
complete -c ob -n "__fish_ob_using_subcommand vpn; and __fish_seen_subcommand_from up" -l factor -d 'Verify with this factor (token: RSA, VIP; webauthn: a security key)' -r -f -a "push\t''
totp\t''
sms\t''
call\t''
email\t''
question\t''
token\t''
yubikey\t''
hotp\t''
webauthn\t''
password\t''"
complete -c ob -n "__fish_ob_using_subcommand vpn; and __fish_seen_subcommand_from up" -l config -d 'Settings file to read instead of your own' -r -F
complete -c ob -n "__fish_ob_using_subcommand vpn; and __fish_seen_subcommand_from up" -l org -d 'One of several orgs, by its name in the settings' -r -f -a '(command ob complete orgs 2>/dev/null </dev/null)'
complete -c ob -n "__fish_ob_using_subcommand vpn; and __fish_seen_subcommand_from up" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal whose `TERM` is set and not `dumb`, unless `NO_COLOR` is set (no-color.org)'
always\t''
never\t''"
complete -c ob -n "__fish_ob_using_subcommand vpn; and __fish_seen_subcommand_from up" -s d -l detach -d 'Return once it is up'
complete -c ob -n "__fish_ob_using_subcommand vpn; and __fish_seen_subcommand_from up" -l no-dns -d 'Leave this machine\'s name servers alone'
complete -c ob -n "__fish_ob_using_subcommand vpn; and __fish_seen_subcommand_from up" -l no-routes -d 'Route nothing through the tunnel but its own network'
complete -c ob -n "__fish_ob_using_subcommand vpn; and __fish_seen_subcommand_from up" -l password-stdin -d 'Read the password from the first line of standard input'
complete -c ob -n "__fish_ob_using_subcommand vpn; and __fish_seen_subcommand_from up" -l passcode-stdin -d 'Read the passcode from standard input: its first line, or the one after the password'
complete -c ob -n "__fish_ob_using_subcommand vpn; and __fish_seen_subcommand_from up" -l no-agent -d 'Run an agent for this one command only'
complete -c ob -n "__fish_ob_using_subcommand vpn; and __fish_seen_subcommand_from up" -l json -d 'Print JSON instead of words'
complete -c ob -n "__fish_ob_using_subcommand vpn; and __fish_seen_subcommand_from up" -s v -l verbose -d 'Say each step as it is taken'
complete -c ob -n "__fish_ob_using_subcommand vpn; and __fish_seen_subcommand_from up" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ob -n "__fish_ob_using_subcommand vpn; and __fish_seen_subcommand_from down" -l config -d 'Settings file to read instead of your own' -r -F
complete -c ob -n "__fish_ob_using_subcommand vpn; and __fish_seen_subcommand_from down" -l org -d 'One of several orgs, by its name in the settings' -r -f -a '(command ob complete orgs 2>/dev/null </dev/null)'
complete -c ob -n "__fish_ob_using_subcommand vpn; and __fish_seen_subcommand_from down" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal whose `TERM` is set and not `dumb`, unless `NO_COLOR` is set (no-color.org)'
always\t''
never\t''"
complete -c ob -n "__fish_ob_using_subcommand vpn; and __fish_seen_subcommand_from down" -l no-agent -d 'Run an agent for this one command only'
complete -c ob -n "__fish_ob_using_subcommand vpn; and __fish_seen_subcommand_from down" -l json -d 'Print JSON instead of words'
complete -c ob -n "__fish_ob_using_subcommand vpn; and __fish_seen_subcommand_from down" -s v -l verbose -d 'Say each step as it is taken'
complete -c ob -n "__fish_ob_using_subcommand vpn; and __fish_seen_subcommand_from down" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ob -n "__fish_ob_using_subcommand vpn; and __fish_seen_subcommand_from status" -l config -d 'Settings file to read instead of your own' -r -F
complete -c ob -n "__fish_ob_using_subcommand vpn; and __fish_seen_subcommand_from status" -l org -d 'One of several orgs, by its name in the settings' -r -f -a '(command ob complete orgs 2>/dev/null </dev/null)'
complete -c ob -n "__fish_ob_using_subcommand vpn; and __fish_seen_subcommand_from status" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal whose `TERM` is set and not `dumb`, unless `NO_COLOR` is set (no-color.org)'
always\t''
never\t''"
complete -c ob -n "__fish_ob_using_subcommand vpn; and __fish_seen_subcommand_from status" -s f -l follow -d 'Go on showing what happens to it, until it ends'
complete -c ob -n "__fish_ob_using_subcommand vpn; and __fish_seen_subcommand_from status" -l no-agent -d 'Run an agent for this one command only'
complete -c ob -n "__fish_ob_using_subcommand vpn; and __fish_seen_subcommand_from status" -l json -d 'Print JSON instead of words'
complete -c ob -n "__fish_ob_using_subcommand vpn; and __fish_seen_subcommand_from status" -s v -l verbose -d 'Say each step as it is taken'
complete -c ob -n "__fish_ob_using_subcommand vpn; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ob -n "__fish_ob_using_subcommand vpn; and __fish_seen_subcommand_from logs" -l config -d 'Settings file to read instead of your own' -r -F
complete -c ob -n "__fish_ob_using_subcommand vpn; and __fish_seen_subcommand_from logs" -l org -d 'One of several orgs, by its name in the settings' -r -f -a '(command ob complete orgs 2>/dev/null </dev/null)'
complete -c ob -n "__fish_ob_using_subcommand vpn; and __fish_seen_subcommand_from logs" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal whose `TERM` is set and not `dumb`, unless `NO_COLOR` is set (no-color.org)'
always\t''
never\t''"
complete -c ob -n "__fish_ob_using_subcommand vpn; and __fish_seen_subcommand_from logs" -s f -l follow -d 'Go on showing what it says'
complete -c ob -n "__fish_ob_using_subcommand vpn; and __fish_seen_subcommand_from logs" -l no-agent -d 'Run an agent for this one command only'
complete -c ob -n "__fish_ob_using_subcommand vpn; and __fish_seen_subcommand_from logs" -l json -d 'Print JSON instead of words'
complete -c ob -n "__fish_ob_using_subcommand vpn; and __fish_seen_subcommand_from logs" -s v -l verbose -d 'Say each step as it is taken'
complete -c ob -n "__fish_ob_using_subcommand vpn; and __fish_seen_subcommand_from logs" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ob -n "__fish_ob_using_subcommand vpn; and __fish_seen_subcommand_from profile" -l route -d 'Route this network and no other through the tunnel; repeat for more' -r
complete -c ob -n "__fish_ob_using_subcommand vpn; and __fish_seen_subcommand_from profile" -l factor -d 'Verify with this factor (token: RSA, VIP; webauthn: a security key)' -r -f -a "push\t''
totp\t''
sms\t''
call\t''
email\t''
question\t''
token\t''
yubikey\t''
hotp\t''
webauthn\t''
password\t''"
complete -c ob -n "__fish_ob_using_subcommand vpn; and __fish_seen_subcommand_from profile" -l config -d 'Settings file to read instead of your own' -r -F
complete -c ob -n "__fish_ob_using_subcommand vpn; and __fish_seen_subcommand_from profile" -l org -d 'One of several orgs, by its name in the settings' -r -f -a '(command ob complete orgs 2>/dev/null </dev/null)'
complete -c ob -n "__fish_ob_using_subcommand vpn; and __fish_seen_subcommand_from profile" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal whose `TERM` is set and not `dumb`, unless `NO_COLOR` is set (no-color.org)'
always\t''
never\t''"
complete -c ob -n "__fish_ob_using_subcommand vpn; and __fish_seen_subcommand_from profile" -l explain -d 'Show the verdict on each directive'
complete -c ob -n "__fish_ob_using_subcommand vpn; and __fish_seen_subcommand_from profile" -l no-dns -d 'Leave this machine\'s name servers alone'
complete -c ob -n "__fish_ob_using_subcommand vpn; and __fish_seen_subcommand_from profile" -l no-routes -d 'Route nothing through the tunnel but its own network'
complete -c ob -n "__fish_ob_using_subcommand vpn; and __fish_seen_subcommand_from profile" -l password-stdin -d 'Read the password from the first line of standard input'
complete -c ob -n "__fish_ob_using_subcommand vpn; and __fish_seen_subcommand_from profile" -l passcode-stdin -d 'Read the passcode from standard input: its first line, or the one after the password'
complete -c ob -n "__fish_ob_using_subcommand vpn; and __fish_seen_subcommand_from profile" -l no-agent -d 'Run an agent for this one command only'
complete -c ob -n "__fish_ob_using_subcommand vpn; and __fish_seen_subcommand_from profile" -l json -d 'Print JSON instead of words'
complete -c ob -n "__fish_ob_using_subcommand vpn; and __fish_seen_subcommand_from profile" -s v -l verbose -d 'Say each step as it is taken'
complete -c ob -n "__fish_ob_using_subcommand vpn; and __fish_seen_subcommand_from profile" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ob -n "__fish_ob_using_subcommand vpn; and __fish_seen_subcommand_from exec" -l route -d 'Route this network and no other through the tunnel; repeat for more' -r
complete -c ob -n "__fish_ob_using_subcommand vpn; and __fish_seen_subcommand_from exec" -l factor -d 'Verify with this factor (token: RSA, VIP; webauthn: a security key)' -r -f -a "push\t''
totp\t''
sms\t''
call\t''
email\t''
question\t''
token\t''
yubikey\t''
hotp\t''
webauthn\t''
password\t''"
complete -c ob -n "__fish_ob_using_subcommand vpn; and __fish_seen_subcommand_from exec" -l config -d 'Settings file to read instead of your own' -r -F
complete -c ob -n "__fish_ob_using_subcommand vpn; and __fish_seen_subcommand_from exec" -l org -d 'One of several orgs, by its name in the settings' -r -f -a '(command ob complete orgs 2>/dev/null </dev/null)'
complete -c ob -n "__fish_ob_using_subcommand vpn; and __fish_seen_subcommand_from exec" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal whose `TERM` is set and not `dumb`, unless `NO_COLOR` is set (no-color.org)'
always\t''
never\t''"
complete -c ob -n "__fish_ob_using_subcommand vpn; and __fish_seen_subcommand_from exec" -l no-dns -d 'Leave this machine\'s name servers alone'
complete -c ob -n "__fish_ob_using_subcommand vpn; and __fish_seen_subcommand_from exec" -l no-routes -d 'Route nothing through the tunnel but its own network'
complete -c ob -n "__fish_ob_using_subcommand vpn; and __fish_seen_subcommand_from exec" -l password-stdin -d 'Read the password from the first line of standard input'
complete -c ob -n "__fish_ob_using_subcommand vpn; and __fish_seen_subcommand_from exec" -l passcode-stdin -d 'Read the passcode from standard input: its first line, or the one after the password'
complete -c ob -n "__fish_ob_using_subcommand vpn; and __fish_seen_subcommand_from exec" -l no-agent -d 'Run an agent for this one command only'
complete -c ob -n "__fish_ob_using_subcommand vpn; and __fish_seen_subcommand_from exec" -l json -d 'Print JSON instead of words'
complete -c ob -n "__fish_ob_using_subcommand vpn; and __fish_seen_subcommand_from exec" -s v -l verbose -d 'Say each step as it is taken'
complete -c ob -n "__fish_ob_using_subcommand vpn; and __fish_seen_subcommand_from exec" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ob -n "__fish_ob_using_subcommand agent; and not __fish_seen_subcommand_from stop status" -l config -d 'Settings file to read instead of your own' -r -F
complete -c ob -n "__fish_ob_using_subcommand agent; and not __fish_seen_subcommand_from stop status" -l org -d 'One of several orgs, by its name in the settings' -r -f -a '(command ob complete orgs 2>/dev/null </dev/null)'
complete -c ob -n "__fish_ob_using_subcommand agent; and not __fish_seen_subcommand_from stop status" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal whose `TERM` is set and not `dumb`, unless `NO_COLOR` is set (no-color.org)'
always\t''
never\t''"
complete -c ob -n "__fish_ob_using_subcommand agent; and not __fish_seen_subcommand_from stop status" -l no-agent -d 'Run an agent for this one command only'
complete -c ob -n "__fish_ob_using_subcommand agent; and not __fish_seen_subcommand_from stop status" -l json -d 'Print JSON instead of words'
complete -c ob -n "__fish_ob_using_subcommand agent; and not __fish_seen_subcommand_from stop status" -s v -l verbose -d 'Say each step as it is taken'
complete -c ob -n "__fish_ob_using_subcommand agent; and not __fish_seen_subcommand_from stop status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ob -n "__fish_ob_using_subcommand agent; and not __fish_seen_subcommand_from stop status" -f -a "stop" -d 'End the agent; everything it holds is wiped'
complete -c ob -n "__fish_ob_using_subcommand agent; and not __fish_seen_subcommand_from stop status" -f -a "status" -d 'What `ob status` shows'
complete -c ob -n "__fish_ob_using_subcommand agent; and __fish_seen_subcommand_from stop" -l config -d 'Settings file to read instead of your own' -r -F
complete -c ob -n "__fish_ob_using_subcommand agent; and __fish_seen_subcommand_from stop" -l org -d 'One of several orgs, by its name in the settings' -r -f -a '(command ob complete orgs 2>/dev/null </dev/null)'
complete -c ob -n "__fish_ob_using_subcommand agent; and __fish_seen_subcommand_from stop" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal whose `TERM` is set and not `dumb`, unless `NO_COLOR` is set (no-color.org)'
always\t''
never\t''"
complete -c ob -n "__fish_ob_using_subcommand agent; and __fish_seen_subcommand_from stop" -l no-agent -d 'Run an agent for this one command only'
complete -c ob -n "__fish_ob_using_subcommand agent; and __fish_seen_subcommand_from stop" -l json -d 'Print JSON instead of words'
complete -c ob -n "__fish_ob_using_subcommand agent; and __fish_seen_subcommand_from stop" -s v -l verbose -d 'Say each step as it is taken'
complete -c ob -n "__fish_ob_using_subcommand agent; and __fish_seen_subcommand_from stop" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ob -n "__fish_ob_using_subcommand agent; and __fish_seen_subcommand_from status" -l config -d 'Settings file to read instead of your own' -r -F
complete -c ob -n "__fish_ob_using_subcommand agent; and __fish_seen_subcommand_from status" -l org -d 'One of several orgs, by its name in the settings' -r -f -a '(command ob complete orgs 2>/dev/null </dev/null)'
complete -c ob -n "__fish_ob_using_subcommand agent; and __fish_seen_subcommand_from status" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal whose `TERM` is set and not `dumb`, unless `NO_COLOR` is set (no-color.org)'
always\t''
never\t''"
complete -c ob -n "__fish_ob_using_subcommand agent; and __fish_seen_subcommand_from status" -l no-agent -d 'Run an agent for this one command only'
complete -c ob -n "__fish_ob_using_subcommand agent; and __fish_seen_subcommand_from status" -l json -d 'Print JSON instead of words'
complete -c ob -n "__fish_ob_using_subcommand agent; and __fish_seen_subcommand_from status" -s v -l verbose -d 'Say each step as it is taken'
complete -c ob -n "__fish_ob_using_subcommand agent; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ob -n "__fish_ob_using_subcommand config; and not __fish_seen_subcommand_from init add edit remove check list aws import explain" -l config -d 'Settings file to read instead of your own' -r -F
complete -c ob -n "__fish_ob_using_subcommand config; and not __fish_seen_subcommand_from init add edit remove check list aws import explain" -l org -d 'One of several orgs, by its name in the settings' -r -f -a '(command ob complete orgs 2>/dev/null </dev/null)'
complete -c ob -n "__fish_ob_using_subcommand config; and not __fish_seen_subcommand_from init add edit remove check list aws import explain" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal whose `TERM` is set and not `dumb`, unless `NO_COLOR` is set (no-color.org)'
always\t''
never\t''"
complete -c ob -n "__fish_ob_using_subcommand config; and not __fish_seen_subcommand_from init add edit remove check list aws import explain" -l no-agent -d 'Run an agent for this one command only'
complete -c ob -n "__fish_ob_using_subcommand config; and not __fish_seen_subcommand_from init add edit remove check list aws import explain" -l json -d 'Print JSON instead of words'
complete -c ob -n "__fish_ob_using_subcommand config; and not __fish_seen_subcommand_from init add edit remove check list aws import explain" -s v -l verbose -d 'Say each step as it is taken'
complete -c ob -n "__fish_ob_using_subcommand config; and not __fish_seen_subcommand_from init add edit remove check list aws import explain" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ob -n "__fish_ob_using_subcommand config; and not __fish_seen_subcommand_from init add edit remove check list aws import explain" -f -a "init" -d 'Ask for the org and write a first settings file'
complete -c ob -n "__fish_ob_using_subcommand config; and not __fish_seen_subcommand_from init add edit remove check list aws import explain" -f -a "add" -d 'Add a profile: a name for one of your roles'
complete -c ob -n "__fish_ob_using_subcommand config; and not __fish_seen_subcommand_from init add edit remove check list aws import explain" -f -a "edit" -d 'Open the settings file in your editor, and check it afterwards'
complete -c ob -n "__fish_ob_using_subcommand config; and not __fish_seen_subcommand_from init add edit remove check list aws import explain" -f -a "remove" -d 'Take a profile out of the settings'
complete -c ob -n "__fish_ob_using_subcommand config; and not __fish_seen_subcommand_from init add edit remove check list aws import explain" -f -a "check" -d 'Read the settings and say what is wrong with them'
complete -c ob -n "__fish_ob_using_subcommand config; and not __fish_seen_subcommand_from init add edit remove check list aws import explain" -f -a "list" -d 'Show the profiles'
complete -c ob -n "__fish_ob_using_subcommand config; and not __fish_seen_subcommand_from init add edit remove check list aws import explain" -f -a "aws" -d 'Write a profile for each of yours to ~/.aws/config, or take them out again'
complete -c ob -n "__fish_ob_using_subcommand config; and not __fish_seen_subcommand_from init add edit remove check list aws import explain" -f -a "import" -d 'Make the settings from those of okta-aws-cli, gimme-aws-creds, saml2aws and their like'
complete -c ob -n "__fish_ob_using_subcommand config; and not __fish_seen_subcommand_from init add edit remove check list aws import explain" -f -a "explain" -d 'Show where each value came from, and whose credentials programs take in this shell'
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from init" -l url -d 'Address of your Okta org; with it, nothing is asked' -r
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from init" -l username -d 'Your user name in Okta' -r
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from init" -l region -d 'AWS region' -r
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from init" -l app -d 'Embed link or id of the AWS app' -r
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from init" -l config -d 'Settings file to read instead of your own' -r -F
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from init" -l org -d 'One of several orgs, by its name in the settings' -r -f -a '(command ob complete orgs 2>/dev/null </dev/null)'
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from init" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal whose `TERM` is set and not `dumb`, unless `NO_COLOR` is set (no-color.org)'
always\t''
never\t''"
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from init" -l force -d 'Replace the file that is there'
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from init" -l print -d 'Print the settings instead of writing them'
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from init" -l no-agent -d 'Run an agent for this one command only'
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from init" -l json -d 'Print JSON instead of words'
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from init" -s v -l verbose -d 'Say each step as it is taken'
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from init" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from add" -s r -l role -d 'Its role: an ARN, ACCOUNT/ROLE, a name, or a glob that matches one' -r -f -a '(command ob complete roles 2>/dev/null </dev/null)'
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from add" -l provider -d 'Only roles of this identity provider: its ARN, name or a glob' -r
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from add" -l region -d 'AWS region' -r
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from add" -l duration -d 'How long its credentials should last, 15m to 12h' -r
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from add" -l prompt-color -d 'Its colour in the prompt' -r
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from add" -l factor -d 'Verify with this factor (token: RSA, VIP; webauthn: a security key)' -r -f -a "push\t''
totp\t''
sms\t''
call\t''
email\t''
question\t''
token\t''
yubikey\t''
hotp\t''
webauthn\t''
password\t''"
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from add" -l config -d 'Settings file to read instead of your own' -r -F
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from add" -l org -d 'One of several orgs, by its name in the settings' -r -f -a '(command ob complete orgs 2>/dev/null </dev/null)'
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from add" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal whose `TERM` is set and not `dumb`, unless `NO_COLOR` is set (no-color.org)'
always\t''
never\t''"
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from add" -l confirm -d 'Ask before each use'
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from add" -l password-stdin -d 'Read the password from the first line of standard input'
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from add" -l passcode-stdin -d 'Read the passcode from standard input: its first line, or the one after the password'
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from add" -l no-agent -d 'Run an agent for this one command only'
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from add" -l json -d 'Print JSON instead of words'
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from add" -s v -l verbose -d 'Say each step as it is taken'
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from edit" -l config -d 'Settings file to read instead of your own' -r -F
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from edit" -l org -d 'One of several orgs, by its name in the settings' -r -f -a '(command ob complete orgs 2>/dev/null </dev/null)'
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from edit" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal whose `TERM` is set and not `dumb`, unless `NO_COLOR` is set (no-color.org)'
always\t''
never\t''"
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from edit" -l no-agent -d 'Run an agent for this one command only'
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from edit" -l json -d 'Print JSON instead of words'
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from edit" -s v -l verbose -d 'Say each step as it is taken'
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from edit" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from remove" -l config -d 'Settings file to read instead of your own' -r -F
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from remove" -l org -d 'One of several orgs, by its name in the settings' -r -f -a '(command ob complete orgs 2>/dev/null </dev/null)'
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from remove" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal whose `TERM` is set and not `dumb`, unless `NO_COLOR` is set (no-color.org)'
always\t''
never\t''"
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from remove" -l no-agent -d 'Run an agent for this one command only'
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from remove" -l json -d 'Print JSON instead of words'
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from remove" -s v -l verbose -d 'Say each step as it is taken'
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from check" -l config -d 'Settings file to read instead of your own' -r -F
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from check" -l org -d 'One of several orgs, by its name in the settings' -r -f -a '(command ob complete orgs 2>/dev/null </dev/null)'
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from check" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal whose `TERM` is set and not `dumb`, unless `NO_COLOR` is set (no-color.org)'
always\t''
never\t''"
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from check" -l no-agent -d 'Run an agent for this one command only'
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from check" -l json -d 'Print JSON instead of words'
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from check" -s v -l verbose -d 'Say each step as it is taken'
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from list" -l config -d 'Settings file to read instead of your own' -r -F
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from list" -l org -d 'One of several orgs, by its name in the settings' -r -f -a '(command ob complete orgs 2>/dev/null </dev/null)'
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from list" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal whose `TERM` is set and not `dumb`, unless `NO_COLOR` is set (no-color.org)'
always\t''
never\t''"
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from list" -l no-agent -d 'Run an agent for this one command only'
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from list" -l json -d 'Print JSON instead of words'
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say each step as it is taken'
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from aws" -l config -d 'Settings file to read instead of your own' -r -F
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from aws" -l org -d 'One of several orgs, by its name in the settings' -r -f -a '(command ob complete orgs 2>/dev/null </dev/null)'
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from aws" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal whose `TERM` is set and not `dumb`, unless `NO_COLOR` is set (no-color.org)'
always\t''
never\t''"
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from aws" -l remove -d 'Take ob\'s profiles out again'
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from aws" -l print -d 'Print what the file would be, write nothing'
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from aws" -l no-agent -d 'Run an agent for this one command only'
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from aws" -l json -d 'Print JSON instead of words'
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from aws" -s v -l verbose -d 'Say each step as it is taken'
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from aws" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from import" -l from -d 'Whose files they are; told by their names when left out' -r -f -a "okta-aws-cli\t''
gimme-aws-creds\t''
saml2aws\t''
tokendito\t''
oktaws\t''
aws-okta\t''
okta-java\t''
aws-okta-processor\t''
aws-sts\t''"
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from import" -l env-file -d 'Read okta-aws-cli\'s variables from this .env file; none is read unless named' -r -F
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from import" -l url -d 'Address of your Okta org, where no file has it' -r
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from import" -l config -d 'Settings file to read instead of your own' -r -F
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from import" -l org -d 'One of several orgs, by its name in the settings' -r -f -a '(command ob complete orgs 2>/dev/null </dev/null)'
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from import" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal whose `TERM` is set and not `dumb`, unless `NO_COLOR` is set (no-color.org)'
always\t''
never\t''"
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from import" -l from-env -d 'Read okta-aws-cli\'s OKTA_AWSCLI_* variables of this shell'
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from import" -l check -d 'Only say what the files have; exit 2 when a value is invalid'
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from import" -l print -l dry-run -d 'Print the settings instead of writing them'
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from import" -l force -d 'Replace the settings file that is there'
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from import" -l no-agent -d 'Run an agent for this one command only'
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from import" -l json -d 'Print JSON instead of words'
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from import" -s v -l verbose -d 'Say each step as it is taken'
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from import" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from explain" -l config -d 'Settings file to read instead of your own' -r -F
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from explain" -l org -d 'One of several orgs, by its name in the settings' -r -f -a '(command ob complete orgs 2>/dev/null </dev/null)'
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from explain" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal whose `TERM` is set and not `dumb`, unless `NO_COLOR` is set (no-color.org)'
always\t''
never\t''"
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from explain" -l no-agent -d 'Run an agent for this one command only'
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from explain" -l json -d 'Print JSON instead of words'
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from explain" -s v -l verbose -d 'Say each step as it is taken'
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from explain" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ob -n "__fish_ob_using_subcommand doctor" -l config -d 'Settings file to read instead of your own' -r -F
complete -c ob -n "__fish_ob_using_subcommand doctor" -l org -d 'One of several orgs, by its name in the settings' -r -f -a '(command ob complete orgs 2>/dev/null </dev/null)'
complete -c ob -n "__fish_ob_using_subcommand doctor" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal whose `TERM` is set and not `dumb`, unless `NO_COLOR` is set (no-color.org)'
always\t''
never\t''"
complete -c ob -n "__fish_ob_using_subcommand doctor" -l no-agent -d 'Run an agent for this one command only'
complete -c ob -n "__fish_ob_using_subcommand doctor" -l json -d 'Print JSON instead of words'
complete -c ob -n "__fish_ob_using_subcommand doctor" -s v -l verbose -d 'Say each step as it is taken'
complete -c ob -n "__fish_ob_using_subcommand doctor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ob -n "__fish_ob_using_subcommand init" -l config -d 'Settings file to read instead of your own' -r -F
complete -c ob -n "__fish_ob_using_subcommand init" -l org -d 'One of several orgs, by its name in the settings' -r -f -a '(command ob complete orgs 2>/dev/null </dev/null)'
complete -c ob -n "__fish_ob_using_subcommand init" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal whose `TERM` is set and not `dumb`, unless `NO_COLOR` is set (no-color.org)'
always\t''
never\t''"
complete -c ob -n "__fish_ob_using_subcommand init" -l no-agent -d 'Run an agent for this one command only'
complete -c ob -n "__fish_ob_using_subcommand init" -l json -d 'Print JSON instead of words'
complete -c ob -n "__fish_ob_using_subcommand init" -s v -l verbose -d 'Say each step as it is taken'
complete -c ob -n "__fish_ob_using_subcommand init" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ob -n "__fish_ob_using_subcommand completions" -l config -d 'Settings file to read instead of your own' -r -F
complete -c ob -n "__fish_ob_using_subcommand completions" -l org -d 'One of several orgs, by its name in the settings' -r -f -a '(command ob complete orgs 2>/dev/null </dev/null)'
complete -c ob -n "__fish_ob_using_subcommand completions" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal whose `TERM` is set and not `dumb`, unless `NO_COLOR` is set (no-color.org)'
always\t''
never\t''"
complete -c ob -n "__fish_ob_using_subcommand completions" -l no-agent -d 'Run an agent for this one command only'
complete -c ob -n "__fish_ob_using_subcommand completions" -l json -d 'Print JSON instead of words'
complete -c ob -n "__fish_ob_using_subcommand completions" -s v -l verbose -d 'Say each step as it is taken'
complete -c ob -n "__fish_ob_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ob -n "__fish_ob_using_subcommand man" -l config -d 'Settings file to read instead of your own' -r -F
complete -c ob -n "__fish_ob_using_subcommand man" -l org -d 'One of several orgs, by its name in the settings' -r -f -a '(command ob complete orgs 2>/dev/null </dev/null)'
complete -c ob -n "__fish_ob_using_subcommand man" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal whose `TERM` is set and not `dumb`, unless `NO_COLOR` is set (no-color.org)'
always\t''
never\t''"
complete -c ob -n "__fish_ob_using_subcommand man" -l list -d 'Print the names of all pages instead'
complete -c ob -n "__fish_ob_using_subcommand man" -l no-agent -d 'Run an agent for this one command only'
complete -c ob -n "__fish_ob_using_subcommand man" -l json -d 'Print JSON instead of words'
complete -c ob -n "__fish_ob_using_subcommand man" -s v -l verbose -d 'Say each step as it is taken'
complete -c ob -n "__fish_ob_using_subcommand man" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ob -n "__fish_ob_using_subcommand help" -l config -d 'Settings file to read instead of your own' -r -F
complete -c ob -n "__fish_ob_using_subcommand help" -l org -d 'One of several orgs, by its name in the settings' -r -f -a '(command ob complete orgs 2>/dev/null </dev/null)'
complete -c ob -n "__fish_ob_using_subcommand help" -l color -d 'When to colour' -r -f -a "auto\t'On a terminal whose `TERM` is set and not `dumb`, unless `NO_COLOR` is set (no-color.org)'
always\t''
never\t''"
complete -c ob -n "__fish_ob_using_subcommand help" -l no-agent -d 'Run an agent for this one command only'
complete -c ob -n "__fish_ob_using_subcommand help" -l json -d 'Print JSON instead of words'
complete -c ob -n "__fish_ob_using_subcommand help" -s v -l verbose -d 'Say each step as it is taken'
complete -c ob -n "__fish_ob_using_subcommand help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ob -n "__fish_ob_using_subcommand exec; and not __fish_ob_command" -f -a '(command ob complete profiles 2>/dev/null </dev/null)'
complete -c ob -n "__fish_ob_using_subcommand env; and not __fish_ob_command" -f -a '(command ob complete profiles 2>/dev/null </dev/null)'
complete -c ob -n "__fish_ob_using_subcommand shell; and not __fish_ob_command" -f -a '(command ob complete profiles 2>/dev/null </dev/null)'
complete -c ob -n "__fish_ob_using_subcommand use; and not __fish_ob_command" -f -a '(command ob complete profiles 2>/dev/null </dev/null)'
complete -c ob -n "__fish_ob_using_subcommand write; and not __fish_ob_command" -f -a '(command ob complete profiles 2>/dev/null </dev/null)'
complete -c ob -n "__fish_ob_using_subcommand console; and not __fish_ob_command" -f -a '(command ob complete profiles 2>/dev/null </dev/null)'
complete -c ob -n "__fish_ob_using_subcommand config; and __fish_seen_subcommand_from remove" -f -a '(command ob complete profiles 2>/dev/null </dev/null)'

# What stands behind `--` is a command of its own: it completes as that does.
function __fish_ob_command
    set -l words (commandline -opc)
    set -l at (contains -i -- -- $words)
    and contains -- exec $words[1..$at]
end

function __fish_ob_of_command
    set -l words (commandline -opc)
    set -l at (contains -i -- -- $words)
    set -e words[1..$at]
    complete -C (string join -- ' ' (string escape -- $words) (commandline -ct))
end

complete -c ob -n __fish_ob_command -x -a '(__fish_ob_of_command)'
