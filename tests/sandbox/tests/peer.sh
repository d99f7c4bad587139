#!/usr/bin/env bash
# peer.sh SANDBOX PEERS CASE [SERVE-OPTION…]: serves the sandbox as acme.okta.com on port 443, in the caller's new
# namespaces, and runs another project's Okta client against it. Prints the client's output.
set -euo pipefail
sandbox=$1 peers=$2 case=$3
shift 3
work=$(mktemp -d)
trap 'kill "${server:-}" 2>/dev/null || true; rm -rf "$work"' EXIT

ip link set lo up
printf '127.0.0.1 localhost acme.okta.com\n' >"$work/hosts"
mount --bind "$work/hosts" /etc/hosts
mkfifo "$work/ready"
"$sandbox" serve --host acme.okta.com "$@" >"$work/ready" &
server=$!
read -r -t 30 where <"$work/ready"

# value JSON-EXPRESSION
value() {
  "$peers/bin/python" -c 'import json, sys; where = json.loads(sys.argv[1]); print(eval(sys.argv[2]))' "$where" "$1"
}
# user NAME FIELD
user() {
  value "[user for user in where['users'] if user['login'] == '$1@acme.com'][0]['$2']"
}
ca=$(value "where['ca_file']")
export HOME=$work REQUESTS_CA_BUNDLE=$ca AWS_CA_BUNDLE=$ca
AWS_ENDPOINT_URL_STS=$(value "where['sts_url']")
# tokendito verifies its credentials without the region of its options.
export AWS_ENDPOINT_URL_STS AWS_EC2_METADATA_DISABLED=true AWS_DEFAULT_REGION=us-east-1
org=$(value "where['org_url']")
tile=$org/home/amazon_aws/0oa1awsprod0000000h7/272
role=arn:aws:iam::123456789012:role/Engineer
cd "$work"

gimme() {
  cat >.okta_aws_login_config <<CONFIG
[DEFAULT]
okta_org_url = $org
gimme_creds_server = appurl
app_url = $tile
aws_rolename = $role
okta_username = $1@acme.com
preferred_mfa_type = $2
write_aws_creds = False
cred_profile = acc-role
resolve_aws_alias = n
aws_default_duration = 3600
output_format = export
CONFIG
  OKTA_PASSWORD=$(user "$1" password) timeout 60 "$peers/bin/gimme-aws-creds" 2>&1
}

processor() {
  local who=$1
  shift
  timeout 60 "$peers/bin/aws-okta-processor" authenticate --environment --no-okta-cache --no-aws-cache \
    --user "$who@acme.com" --pass "$(user "$who" password)" --organization acme.okta.com "$@" 2>&1
}

dito() {
  local who=$1
  shift
  timeout 60 "$peers/bin/tokendito" --quiet --username "$who@acme.com" --password "$(user "$who" password)" \
    --aws-role-arn "$role" --aws-region us-east-1 --aws-profile dev --aws-output json "$@" </dev/null 2>&1
  cat .aws/credentials
}

code() {
  "$sandbox" code "$(user "$1" totp_secret)"
}

case $case in
gimme-code) gimme bob token:software:totp < <(code bob) ;;
gimme-push-twice)
  gimme alice push </dev/null
  # The second sign-in sends its device token.
  gimme alice push </dev/null
  ;;
processor-code) processor bob --application "$tile" --role "$role" --factor token:software:totp:okta < <(code bob) ;;
processor-push) processor dave --application "$tile" --factor push:okta </dev/null ;;
processor-tiles) processor bob --factor token:software:totp:okta < <(code bob) ;;
# It requests twelve hours, which the role refuses, and then less.
processor-long) processor bob --application "$tile" --duration 43200 --factor token:software:totp:okta < <(code bob) ;;
dito-code) dito bob --okta-tile "$tile" --okta-mfa token:software:totp --okta-mfa-response "$(code bob)" ;;
dito-push) dito alice --okta-tile "$tile" --okta-mfa push ;;
dito-tiles) dito alice --okta-org "$org" --okta-mfa push ;;
*)
  echo "no such case: $case" >&2
  exit 2
  ;;
esac
