//! Responses of STS: accepted credentials need no quoting anywhere, refusals become one line each.
//!
//! Input lines: access key id, secret key, session token, assumed role ARN, error code, message.

use ob::aws::{Issued, StsRefusal};
use ob::model::{RoleArn, Timestamp};
use ob::secret::Secret;

use super::Harness;

pub(crate) const HARNESS: Harness = Harness {
    name: "sts",
    dictionary: &[
        "ASIAIOSFODNN7EXAMPLE\n",
        "AKIAIOSFODNN7EXAMPLE\n",
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n",
        "FwoGZXIvYXdzEFwoGZXIvYXdzE\n",
        "arn:aws:sts::123456789012:assumed-role/Deploy/alice@acme.com\n",
        "arn:aws:sts::123456789012:assumed-role/Deploy/",
        "arn:aws:sts::123456789012:assumed-role/Admin/alice@acme.com\n",
        "ASIA",
        "$(id)",
        "`id`",
        "'",
        "\"",
        "\0",
        "\u{1b}[31m",
        " ",
        "\n",
        "=",
        "é",
        "AccessDenied\n",
        "ValidationError\n",
        "ExpiredTokenException\n",
        "durationSeconds less than or equal to",
        "role chaining",
    ],
    templates: &[
        (
            "ASIAIOSFODNN7EXAMPLE\nwJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n",
            "\narn:aws:sts::123456789012:assumed-role/Deploy/alice@acme.com\nAccessDenied\nno",
        ),
        (
            "ASIAIOSFODNN7EXAMPLE\n",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\nFwoGZXIv\n\
             arn:aws:sts::123456789012:assumed-role/Deploy/alice@acme.com\nAccessDenied\nno",
        ),
    ],
    target,
};

fn target(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.split('\n');
    let mut line = || lines.next().unwrap_or_default().to_owned();
    let role = RoleArn::parse("arn:aws:iam::123456789012:role/team/Deploy").expect("a role");
    let now = Timestamp(1_795_309_375);
    let issued = Issued {
        access_key_id: line(),
        secret_access_key: Secret::new(line()),
        session_token: Secret::new(line()),
        assumed_role_arn: line(),
        expires_at: now.plus(3600),
    };
    let (code, message) = (line(), line());
    if let Ok(credentials) = issued.check(&role, now) {
        for value in [
            &*credentials.access_key_id,
            credentials.secret_access_key.expose(),
            credentials.session_token.expose(),
        ] {
            assert!(!value.is_empty() && value.bytes().all(|byte| byte.is_ascii_graphic()));
        }
        let unquoted = |byte: &u8| byte.is_ascii_alphanumeric() || b"/+=".contains(byte);
        assert!(credentials.access_key_id.as_bytes().iter().all(unquoted));
        let secret = credentials.secret_access_key.expose();
        assert!(secret.as_bytes().iter().all(unquoted));
        assert_eq!(credentials.role, role);
    }
    for status in [400, 403, 429, 500] {
        let report = StsRefusal::classify(&code, &message, status).report(&role, None);
        assert!(report.name().starts_with("sts.") && !report.hints.is_empty());
        assert_eq!(
            report.render().lines().count(),
            1 + report.causes.len() + report.hints.len()
        );
    }
}
