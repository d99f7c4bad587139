//! A strict AWS Security Token Service (query protocol, API version 2011-06-15):
//! AssumeRoleWithSAML, AssumeRole and GetCallerIdentity, with the checks and the error codes of the
//! STS API reference. Who may assume what is asked of `iam`; whether an assertion is genuine, of
//! `saml`.

use crate::canary::{self, ALPHANUMERIC, BASE32, BASE64};
use crate::clock;
use crate::http::{Answer, Request};
use crate::iam::{Issued, Role};
use crate::sigv4::Authorization;
use crate::state::SandboxState;

const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";
const MAX_SESSION_SECONDS: u64 = 43_200;
const SHORTEST_SESSION: u64 = 900;
const DEFAULT_SESSION: u64 = 3600;
/// What role chaining allows at the most.
const CHAINED_SESSION: u64 = 3600;
/// How far a signature's date may be from ours, in seconds.
const SIGNATURE_WINDOW: u64 = 900;
const MAX_ASSERTION_CHARS: usize = 100_000;

/// Answers a request to STS.
pub(crate) fn answer(state: &SandboxState, request: &Request) -> Answer {
    if request.method != "POST" || request.path != "/" {
        return error(404, "UnknownOperationException", "STS answers POST / only");
    }
    if request.form("Version").as_deref() != Some("2011-06-15") {
        let message = "Could not find operation for the version given";
        return error(400, "InvalidAction", message);
    }
    let result = match request.form("Action").as_deref() {
        Some("AssumeRoleWithSAML") => assume_role_with_saml(state, request),
        Some("AssumeRoleWithWebIdentity") => assume_role_with_web_identity(state, request),
        Some("AssumeRole") => assume_role(state, request),
        Some("GetCallerIdentity") => caller_identity(state, request),
        action => Err(error(
            400,
            "InvalidAction",
            &format!("Could not find operation {}", action.unwrap_or_default()),
        )),
    };
    result.unwrap_or_else(|refusal| refusal)
}

/// An error as STS writes it.
pub(crate) fn error(status: u16, code: &str, message: &str) -> Answer {
    let request_id = request_id();
    let message = xml_text(message);
    Answer::empty(status)
        .body(
            "text/xml",
            format!(
                "<ErrorResponse xmlns=\"{NAMESPACE}\">\n  <Error>\n    <Type>Sender</Type>\n    \
                 <Code>{code}</Code>\n    <Message>{message}</Message>\n  </Error>\n  \
                 <RequestId>{request_id}</RequestId>\n</ErrorResponse>\n"
            ),
        )
        .with("x-amzn-RequestId", &request_id)
}

fn assume_role_with_saml(state: &SandboxState, request: &Request) -> Result<Answer, Answer> {
    let role_arn = required(request, "RoleArn")?;
    let provider_arn = required(request, "PrincipalArn")?;
    let encoded = required(request, "SAMLAssertion")?;
    if encoded.len() > MAX_ASSERTION_CHARS {
        let message = "1 validation error detected: Value at 'sAMLAssertion' failed to satisfy \
                       constraint: Member must have length less than or equal to 100000";
        return Err(error(400, "ValidationError", message));
    }
    let now = state.clock.now();
    let document = state
        .verified
        .genuine(encoded, &state.identity_provider)
        .map_err(|refusal| error(400, "InvalidIdentityToken", &refusal.to_string()))?;
    if document.not_on_or_after <= now {
        let message = "Token must be redeemed within 5 minutes of issuance";
        return Err(error(400, "ExpiredTokenException", message));
    }
    let pair = format!("{provider_arn},{role_arn}");
    let known = state.iam().find_role(&role_arn).cloned();
    let granted = document.roles.contains(&pair);
    let (true, Some(role)) = (granted, known) else {
        let message = "Not authorized to perform sts:AssumeRoleWithSAML";
        return Err(error(403, "AccessDenied", message));
    };
    let policies = session_policies(request, &role_arn)?;
    let mut expires_at = now + duration(request, &role)?;
    if let Some(end) = document.session_not_on_or_after {
        expires_at = expires_at.min(end);
    }
    let issued = issue(
        state,
        &role_arn,
        &document.session_name,
        expires_at,
        policies,
    );
    let assumed = assumed(&issued);
    Ok(success(
        "AssumeRoleWithSAML",
        &format!(
            "{assumed}\n    <Subject>{}</Subject>\n    <SubjectType>unspecified</SubjectType>\n    \
             <Issuer>{}</Issuer>\n    <Audience>{}</Audience>\n    \
             <NameQualifier>c2FuZGJveCBxdWFsaWZpZXI=</NameQualifier>\n    \
             <PackedPolicySize>1</PackedPolicySize>",
            xml_text(&document.subject),
            xml_text(&document.issuer),
            xml_text(&document.recipient),
        ),
    ))
}

/// A machine's token instead of an assertion; the org is trusted by every role that exists.
fn assume_role_with_web_identity(
    state: &SandboxState,
    request: &Request,
) -> Result<Answer, Answer> {
    let role_arn = required(request, "RoleArn")?;
    let session_name = required(request, "RoleSessionName")?;
    let token = required(request, "WebIdentityToken")?;
    let now = state.clock.now();
    let end = state.org().web_identities.get(&token).copied();
    match end {
        None => {
            let message = "No OpenIDConnect provider found in your account for this token";
            return Err(error(400, "InvalidIdentityToken", message));
        }
        Some(end) if end <= now => {
            return Err(error(400, "ExpiredTokenException", "Token expired"));
        }
        Some(_) => {}
    }
    let role = state.iam().find_role(&role_arn).cloned().ok_or_else(|| {
        let message = "Not authorized to perform sts:AssumeRoleWithWebIdentity";
        error(403, "AccessDenied", message)
    })?;
    let policies = session_policies(request, &role_arn)?;
    let expires_at = now + duration(request, &role)?;
    let issued = issue(state, &role_arn, &session_name, expires_at, policies);
    Ok(success("AssumeRoleWithWebIdentity", &assumed(&issued)))
}

/// Role chaining: everyone who can call this holds an assumed role.
fn assume_role(state: &SandboxState, request: &Request) -> Result<Answer, Answer> {
    let caller = caller(state, request)?;
    let role_arn = required(request, "RoleArn")?;
    let session_name = required(request, "RoleSessionName")?;
    let role = state.iam().find_role(&role_arn).cloned();
    // No policy that the sandbox knows the name of allows to assume another role.
    let may_go_on = caller.policies.is_empty();
    let trusted = |role: &Role| may_go_on && role.trusts.contains(&caller.role);
    let Some(role) = role.filter(trusted) else {
        let message = format!(
            "User: {} is not authorized to perform: sts:AssumeRole on resource: {role_arn}",
            assumed_role_arn(&caller)
        );
        return Err(error(403, "AccessDenied", &message));
    };
    let seconds = duration(request, &role)?;
    if seconds > CHAINED_SESSION {
        let message = "The requested DurationSeconds exceeds the 1 hour session limit for roles \
                       assumed by role chaining";
        return Err(error(400, "ValidationError", message));
    }
    let policies = session_policies(request, &role_arn)?;
    let expires_at = state.clock.now() + seconds;
    let issued = issue(state, &role_arn, &session_name, expires_at, policies);
    Ok(success("AssumeRole", &assumed(&issued)))
}

fn caller_identity(state: &SandboxState, request: &Request) -> Result<Answer, Answer> {
    let caller = caller(state, request)?;
    Ok(success(
        "GetCallerIdentity",
        &format!(
            "<Arn>{}</Arn>\n    <UserId>{}</UserId>\n    <Account>{}</Account>",
            xml_text(&assumed_role_arn(&caller)),
            xml_text(&assumed_role_id(&caller)),
            account(&caller.role),
        ),
    ))
}

/// Whose credentials signed the request: a known access key id, the session token that belongs to
/// it, and a signature made with its secret within a quarter of an hour.
fn caller(state: &SandboxState, request: &Request) -> Result<Issued, Answer> {
    let missing = "Request is missing Authentication Token";
    let header = request
        .header("authorization")
        .ok_or_else(|| error(403, "MissingAuthenticationToken", missing))?;
    let incomplete = "The request signature does not conform to AWS standards";
    let authorization = Authorization::parse(header)
        .ok_or_else(|| error(400, "IncompleteSignature", incomplete))?;
    let issued = state.iam().issued.get(authorization.access_key_id).cloned();
    let token = request.header("x-amz-security-token");
    let issued = issued.filter(|issued| token == Some(&issued.session_token));
    let invalid = "The security token included in the request is invalid.";
    let issued = issued.ok_or_else(|| error(403, "InvalidClientTokenId", invalid))?;
    let now = state.clock.now();
    if issued.expires_at <= now {
        let message = "The security token included in the request is expired";
        return Err(error(403, "ExpiredToken", message));
    }
    let signed_at = request.header("x-amz-date").and_then(clock::parse_basic);
    if signed_at.is_none_or(|moment| moment.abs_diff(now) > SIGNATURE_WINDOW) {
        return Err(error(403, "SignatureDoesNotMatch", "Signature expired"));
    }
    if !authorization.matches(request, &issued.secret_access_key) {
        let message = "The request signature we calculated does not match the signature you \
                       provided.";
        return Err(error(403, "SignatureDoesNotMatch", message));
    }
    Ok(issued)
}

fn required(request: &Request, name: &str) -> Result<String, Answer> {
    let value = request.form(name).filter(|value| !value.is_empty());
    value.ok_or_else(|| {
        let mut member = name.to_owned();
        member[..1].make_ascii_lowercase();
        let message = format!(
            "1 validation error detected: Value null at '{member}' failed to satisfy constraint: \
             Member must not be null"
        );
        error(400, "ValidationError", &message)
    })
}

fn duration(request: &Request, role: &Role) -> Result<u64, Answer> {
    let Some(asked) = request.form("DurationSeconds") else {
        return Ok(DEFAULT_SESSION);
    };
    let refusal = |constraint: &str| {
        let message = format!(
            "1 validation error detected: Value '{asked}' at 'durationSeconds' failed to satisfy \
             constraint: Member must have value {constraint}"
        );
        error(400, "ValidationError", &message)
    };
    match asked.parse() {
        Ok(seconds) if seconds > MAX_SESSION_SECONDS => Err(refusal("less than or equal to 43200")),
        Ok(seconds) if seconds >= SHORTEST_SESSION => {
            if seconds > role.max_session {
                let message = "The requested DurationSeconds exceeds the MaxSessionDuration set \
                               for this role.";
                return Err(error(400, "ValidationError", message));
            }
            Ok(seconds)
        }
        _ => Err(refusal("greater than or equal to 900")),
    }
}

/// `PolicyArns` (STS API reference): ten at most, managed ones, of AWS or of the role's account.
fn session_policies(request: &Request, role: &str) -> Result<Vec<String>, Answer> {
    const MOST: usize = 10;
    let named = (1..=MOST + 1).map_while(|n| request.form(&format!("PolicyArns.member.{n}.arn")));
    let policies: Vec<String> = named.collect();
    if policies.len() > MOST {
        let message = "1 validation error detected: Value at 'policyArns' failed to satisfy \
                       constraint: Member must have length less than or equal to 10";
        return Err(error(400, "ValidationError", message));
    }
    let partition = role.split(':').nth(1).unwrap_or_default();
    for policy in &policies {
        let ours = [account(role), "aws"]
            .map(|owner| format!("arn:{partition}:iam::{owner}:policy/"))
            .iter()
            .any(|prefix| policy.starts_with(prefix) && policy.len() > prefix.len());
        if !ours {
            let message = format!("The policy {policy} is not one of this account");
            return Err(error(400, "MalformedPolicyDocument", &message));
        }
    }
    Ok(policies)
}

fn issue(
    state: &SandboxState,
    role: &str,
    session_name: &str,
    expires_at: u64,
    policies: Vec<String>,
) -> Issued {
    let access_key_id = format!("ASIACANARY{}", canary::random(BASE32, 10));
    let issued = Issued {
        secret_access_key: format!("canary/secret+{}", canary::random(BASE64, 26)),
        session_token: format!("IQoJcanary//token+{}==", canary::random(BASE64, 340)),
        access_key_id: access_key_id.clone(),
        expires_at,
        role: role.to_owned(),
        session_name: session_name.to_owned(),
        policies,
    };
    let canaries = &state.canaries;
    canaries.note("aws-secret-access-key", &issued.secret_access_key);
    canaries.note("aws-session-token", &issued.session_token);
    let mut iam = state.iam();
    iam.issued.insert(access_key_id, issued.clone());
    issued
}

fn assumed(issued: &Issued) -> String {
    format!(
        "<AssumedRoleUser>\n      <AssumedRoleId>{}</AssumedRoleId>\n      <Arn>{}</Arn>\n    \
         </AssumedRoleUser>\n    <Credentials>\n      <AccessKeyId>{}</AccessKeyId>\n      \
         <SecretAccessKey>{}</SecretAccessKey>\n      <SessionToken>{}</SessionToken>\n      \
         <Expiration>{}</Expiration>\n    </Credentials>",
        xml_text(&assumed_role_id(issued)),
        xml_text(&assumed_role_arn(issued)),
        issued.access_key_id,
        issued.secret_access_key,
        issued.session_token,
        clock::seconds(issued.expires_at),
    )
}

fn success(action: &str, result: &str) -> Answer {
    let request_id = request_id();
    Answer::empty(200)
        .body(
            "text/xml",
            format!(
                "<{action}Response xmlns=\"{NAMESPACE}\">\n  <{action}Result>\n    {result}\n  \
                 </{action}Result>\n  <ResponseMetadata>\n    <RequestId>{request_id}</RequestId>\n  \
                 </ResponseMetadata>\n</{action}Response>\n"
            ),
        )
        .with("x-amzn-RequestId", &request_id)
}

/// `arn:aws:sts::123456789012:assumed-role/Engineer/alice@acme.com`; a role's path is left out.
fn assumed_role_arn(issued: &Issued) -> String {
    let partition = issued.role.split(':').nth(1).unwrap_or("aws");
    format!(
        "arn:{partition}:sts::{}:assumed-role/{}/{}",
        account(&issued.role),
        role_name(&issued.role),
        issued.session_name
    )
}

fn assumed_role_id(issued: &Issued) -> String {
    // Ids are the same for every session of a role.
    let digest = ring::digest::digest(&ring::digest::SHA256, issued.role.as_bytes());
    let id: String = digest.as_ref()[..17]
        .iter()
        .map(|byte| char::from(BASE32[usize::from(*byte) % BASE32.len()]))
        .collect();
    format!("AROA{id}:{}", issued.session_name)
}

fn account(role: &str) -> &str {
    role.split(':').nth(4).unwrap_or_default()
}

fn role_name(role: &str) -> &str {
    role.rsplit('/').next().unwrap_or_default()
}

fn request_id() -> String {
    let part = |length| canary::random(ALPHANUMERIC, length).to_ascii_lowercase();
    format!(
        "{}-{}-{}-{}-{}",
        part(8),
        part(4),
        part(4),
        part(4),
        part(12)
    )
}

fn xml_text(value: &str) -> String {
    value
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
