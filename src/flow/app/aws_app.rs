//! The user's AWS apps and their assertions.

use futures_util::future::join_all;
use url::Url;

use crate::flow::app::open::open_page;
use crate::flow::app::saml_form::{parse_saml_form, refused_page};
use crate::flow::conversation::Conversation;
use crate::flow::failure::Failure;
use crate::flow::session::OktaSession;
use crate::model::{AppLink, Org, SamlRole, Timestamp};
use crate::okta::Tiles;
use crate::okta::page::Acs;
use crate::process::panic_point;
use crate::report::{ErrorCode, Report};
use crate::saml::{self, Response};
use crate::secret::Secret;
use crate::wire::Notice;

/// The number of Okta's "AWS Account Federation" app in its embed links.
const AWS_APP_NUMBER: &str = "272";
/// Where the user names the app.
const APP_SETTING: &str = "`app` of [aws]";

/// An app's assertion, ready for STS.
#[derive(Debug)]
pub(in crate::flow) struct AwsAssertion {
    pub(in crate::flow) app: AppLink,
    /// base64, as received.
    pub(in crate::flow) encoded: Secret,
    /// The roles it grants; `None` if it is encrypted for AWS.
    granted: Option<Vec<SamlRole>>,
    pub(in crate::flow) role_session_name: Option<String>,
}

impl AwsAssertion {
    pub(in crate::flow) fn duplicate(&self) -> Self {
        Self {
            app: self.app.clone(),
            encoded: self.encoded.duplicate(),
            granted: self.granted.clone(),
            role_session_name: self.role_session_name.clone(),
        }
    }

    pub(in crate::flow) fn is_encrypted(&self) -> bool {
        self.granted.is_none()
    }

    /// Returns the roles it grants; none if it is encrypted.
    pub(in crate::flow) fn roles(&self) -> &[SamlRole] {
        self.granted.as_deref().unwrap_or_default()
    }
}

/// Returns the app that the settings name, or all AWS apps among the user's tiles.
pub(in crate::flow) async fn aws_apps(
    session: &OktaSession,
    named: Option<&str>,
    conversation: &impl Conversation,
) -> Result<Vec<AppLink>, Failure> {
    if let Some(named) = named {
        return Ok(vec![app_link(session.org(), named)?]);
    }
    let what = format!("list your apps at {}", session.org().host());
    conversation.notify(Notice::Doing(what.clone()));
    let page = session.tiles(&what, conversation).await?;
    match page.status {
        200 => {}
        401 => return Err(Failure::SessionEnded),
        // With tokens, 403 is a missing scope, and Okta names it.
        403 if !session.has_tokens() => return Err(Failure::SessionEnded),
        _ => {
            let report = refused_page(&page, APP_SETTING);
            return Err(report.context(format!("cannot {what}")).into());
        }
    }
    let tiles = Tiles::parse(session.org(), page.content_type(), &page.body)?;
    let apps: Vec<AppLink> = tiles.aws().cloned().collect();
    match apps.is_empty() {
        true => Err(no_aws_app(&tiles).into()),
        false => Ok(apps),
    }
}

fn no_aws_app(tiles: &Tiles) -> Report {
    let hint = match tiles.aws_identity_center().next() {
        Some(_) => {
            "your tile is AWS IAM Identity Center, which hands out credentials by itself: \
             see `aws configure sso`"
        }
        None => {
            "ask your administrator for the AWS app, \
             or name its embed link with `app =` in [aws]"
        }
    };
    let summary = "you have no AWS app in Okta";
    Report::new(ErrorCode::OktaNoAwsApp, summary)
        .cause(format!("none of your {} tiles is one", tiles.links.len()))
        .hint(hint)
}

/// Parses the `app` setting: an embed link, or the instance id of an AWS app.
pub(in crate::flow) fn app_link(org: &Org, named: &str) -> Result<AppLink, Report> {
    let refused = |why: String| {
        Report::new(
            ErrorCode::SettingsApp,
            "cannot use the AWS app of the settings",
        )
        .cause(why)
        .hint(
            "copy the address of the app's tile, \
             `https://acme.okta.com/home/amazon_aws/0oa…/272`",
        )
    };
    let address = if named.contains("://") {
        named.to_owned()
    } else if named.starts_with("0oa") && named.bytes().all(|b| b.is_ascii_alphanumeric()) {
        org.at(&format!("/home/amazon_aws/{named}/{AWS_APP_NUMBER}"))
    } else {
        return Err(refused(
            "it is neither an address nor an app's id (0oa…)".into(),
        ));
    };
    let url = Url::parse(&address).map_err(|error| refused(error.to_string()))?;
    if !org.owns(&url) {
        return Err(refused(format!("it does not belong to {org}")));
    }
    Ok(AppLink {
        label: "AWS".into(),
        url: url.into(),
        app_name: "amazon_aws".into(),
    })
}

/// The assertions of the apps that opened, and the apps that did not.
pub(in crate::flow) struct OpenedApps {
    pub(in crate::flow) assertions: Vec<AwsAssertion>,
    pub(in crate::flow) failed: Vec<AppLink>,
}

/// Fetches the assertions of all `apps` side by side. An app that fails is reported and left out
/// if another one opens.
///
/// # Errors
/// If no app opens.
pub(in crate::flow) async fn open_apps(
    session: &OktaSession,
    apps: Vec<AppLink>,
    now: Timestamp,
    conversation: &impl Conversation,
) -> Result<OpenedApps, Failure> {
    let fetches = apps.iter().cloned();
    let fetched = join_all(fetches.map(|app| fetch_assertion(session, app, now, conversation)));
    let (mut assertions, mut failures, mut failed) = (Vec::new(), Vec::new(), Vec::new());
    for (result, app) in fetched.await.into_iter().zip(apps) {
        match result {
            Ok(assertion) => assertions.push(assertion),
            Err(failure) => {
                failures.push(failure);
                failed.push(app);
            }
        }
    }
    if assertions.is_empty()
        && let Some(last) = failures.pop()
    {
        return Err(last);
    }
    for failure in failures {
        let report = failure.into_report();
        let causes = report.causes.join(": ");
        conversation.notify(Notice::Message(format!("{}: {causes}", report.summary)));
    }
    Ok(OpenedApps { assertions, failed })
}

/// Fetches the assertion of one app.
///
/// # Errors
/// As [`open_page`]; and if the assertion is not for AWS, or expired.
pub(in crate::flow) async fn fetch_assertion(
    session: &OktaSession,
    app: AppLink,
    now: Timestamp,
    conversation: &impl Conversation,
) -> Result<AwsAssertion, Failure> {
    let what = format!("open {}", app.label);
    conversation.notify(Notice::Doing(what.clone()));
    let link = Url::parse(&app.url).ok();
    let link = link.filter(|url| session.org().owns(url));
    let link = link.ok_or_else(|| foreign_link(&app, session.org()))?;
    let page = open_page(session, &link, &what, conversation).await?;
    let form = parse_saml_form(&page, &what, APP_SETTING)?;
    let cannot = |report: Report| report.context(format!("cannot {what}"));
    form.check_action(Acs::Aws)
        .map_err(|error| cannot(error.into()))?;
    panic_point("flow.assertion", form.saml_response.expose());
    let response = saml::parse(&form.saml_response).and_then(|response| {
        response.check_aws_recipient()?;
        if let Response::Plain(assertion) = &response {
            assertion.aws_roles()?;
            assertion.check_expiry(session.server_time().unwrap_or(now))?;
        }
        Ok(response)
    });
    let (granted, role_session_name) = match response.map_err(|error| cannot(error.into()))? {
        Response::Plain(assertion) => {
            let unusable = &assertion.ignored_values;
            let apps = session.apps();
            apps.report_unusable(&app.label, unusable, conversation);
            (Some(assertion.roles), assertion.role_session_name)
        }
        Response::Encrypted(_) => (None, None),
    };
    session.apps().remember_granted(&app, granted.as_deref());
    Ok(AwsAssertion {
        app,
        encoded: form.saml_response,
        granted,
        role_session_name,
    })
}

fn foreign_link(app: &AppLink, org: &Org) -> Report {
    let summary = format!("cannot open {}", app.label);
    Report::new(ErrorCode::OktaForeignTile, summary)
        .cause(format!("its link does not belong to {org}"))
        .hint("name the app's embed link with `app =` in [aws]")
}
