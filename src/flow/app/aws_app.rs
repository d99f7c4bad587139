//! The AWS apps of a user, and the assertion each of them hands over.

use futures_util::future::join_all;
use url::Url;

use crate::flow::app::refusal::refused_page;
use crate::flow::app::step_up;
use crate::flow::{Conversation, Failure, OktaSession};
use crate::model::{AppLink, Org, SamlRole, Timestamp};
use crate::okta::Tiles;
use crate::okta::page::{Acs, AppPage, PageError};
use crate::process::panic_point;
use crate::report::{ErrorCode, Report};
use crate::saml::{self, Response};
use crate::secret::Secret;
use crate::wire::Notice;

/// The number of Okta's "AWS Account Federation" app in its embed links.
const AWS_APP_NUMBER: &str = "272";
/// Where the user names the app.
const APP_SETTING: &str = "`app` of [aws]";

/// What an app handed over, ready for STS.
#[derive(Debug)]
pub(in crate::flow) struct AwsAssertion {
    pub(in crate::flow) app: AppLink,
    /// base64, as received.
    pub(in crate::flow) encoded: Secret,
    /// The roles it opens; `None` when it is encrypted for AWS.
    pub(in crate::flow) roles: Option<Vec<SamlRole>>,
    pub(in crate::flow) role_session_name: Option<String>,
}

impl AwsAssertion {
    pub(in crate::flow) fn duplicate(&self) -> Self {
        Self {
            app: self.app.clone(),
            encoded: self.encoded.duplicate(),
            roles: self.roles.clone(),
            role_session_name: self.role_session_name.clone(),
        }
    }
}

/// The app that the settings name, or all AWS apps among the user's tiles.
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
    let no_scope = page.status == 403 && session.by_token().is_some();
    if matches!(page.status, 401 | 403) && !no_scope {
        return Err(Failure::SessionEnded);
    }
    if page.status != 200 {
        return Err(refused_page(&page, APP_SETTING)
            .during(format!("cannot {what}"))
            .into());
    }
    let tiles = Tiles::parse(session.org(), page.content_type(), &page.body)?;
    let apps: Vec<AppLink> = tiles.aws().cloned().collect();
    if apps.is_empty() {
        let center = tiles.aws_identity_center().next().is_some();
        let hint = if center {
            "your tile is AWS IAM Identity Center, which hands out credentials by itself: see `aws configure sso`"
        } else {
            "ask your administrator for the AWS app, or name its embed link with `app =` in [aws]"
        };
        return Err(
            Report::new(ErrorCode::OktaNoAwsApp, "you have no AWS app in Okta")
                .cause(format!("none of your {} tiles is one", tiles.links.len()))
                .hint(hint)
                .into(),
        );
    }
    Ok(apps)
}

/// An embed link as it is pasted, or the instance id of an AWS app.
pub(in crate::flow) fn app_link(org: &Org, named: &str) -> Result<AppLink, Report> {
    let refused = |why: String| {
        Report::new(
            ErrorCode::SettingsApp,
            "cannot use the AWS app of the settings",
        )
        .cause(why)
        .hint(
            "copy the address of the app's tile, `https://acme.okta.com/home/amazon_aws/0oa…/272`",
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
pub(in crate::flow) struct Opened {
    pub(in crate::flow) assertions: Vec<AwsAssertion>,
    pub(in crate::flow) for_tests: Vec<AppLink>,
}

/// Fetches the assertions of all `apps` side by side. One app that does not open spoils nothing as long as
/// another does.
pub(in crate::flow) async fn assertions(
    session: &OktaSession,
    apps: Vec<AppLink>,
    now: Timestamp,
    conversation: &impl Conversation,
) -> Result<Vec<AwsAssertion>, Failure> {
    let opened = open_all(session, apps, now, conversation).await?;
    Ok(opened.assertions)
}

/// The same, for what also depends on the apps that do not open.
pub(in crate::flow) async fn open_all(
    session: &OktaSession,
    apps: Vec<AppLink>,
    now: Timestamp,
    conversation: &impl Conversation,
) -> Result<Opened, Failure> {
    let only = apps.len() == 1;
    let fetches = apps.iter().cloned();
    let fetched = join_all(fetches.map(|app| assertion(session, app, now, conversation)));
    let (mut good, mut failed, mut for_tests) = (Vec::new(), Vec::new(), Vec::new());
    for (outcome, app) in fetched.await.into_iter().zip(apps) {
        match outcome {
            Ok(assertion) => {
                session.remember_granted(&assertion.app, assertion.roles.as_deref());
                good.push(assertion);
            }
            Err(failure) => {
                failed.push(failure);
                for_tests.push(app);
            }
        }
    }
    let Some(first) = failed.pop() else {
        return Ok(Opened {
            assertions: good,
            for_tests,
        });
    };
    if good.is_empty() || only {
        return Err(first);
    }
    for failure in failed.into_iter().chain([first]) {
        let report = failure.into_report();
        conversation.notify(Notice::Message(format!(
            "{}: {}",
            report.summary,
            report.causes.join(": ")
        )));
    }
    Ok(Opened {
        assertions: good,
        for_tests,
    })
}

async fn assertion(
    session: &OktaSession,
    app: AppLink,
    now: Timestamp,
    conversation: &impl Conversation,
) -> Result<AwsAssertion, Failure> {
    let what = format!("open {}", app.label);
    conversation.notify(Notice::Doing(what.clone()));
    let cannot = || format!("cannot {what}");
    let link = Url::parse(&app.url)
        .ok()
        .filter(|url| session.org().owns(url))
        .ok_or_else(|| odd_link(&app, session))?;
    let page = step_up::open(session, &link, &what, conversation).await?;
    match page.status {
        200 => {}
        401 => return Err(Failure::SessionEnded),
        _ => return Err(refused_page(&page, APP_SETTING).during(cannot()).into()),
    }
    let form = match AppPage::parse(&page.body).and_then(AppPage::into_saml_form) {
        Ok(form) => form,
        Err(PageError::SignInNeeded) => return Err(Failure::SessionEnded),
        Err(error) => return Err(Report::from(error).during(cannot()).into()),
    };
    form.check_action(Acs::Aws)
        .map_err(|error| Report::from(error).during(cannot()))?;
    panic_point("flow.assertion", form.saml_response.expose());
    let response = saml::parse(&form.saml_response)
        .and_then(|response| {
            response.check_aws_recipient()?;
            if let Response::Plain(assertion) = &response {
                assertion.aws_roles()?;
                assertion.check_expiry(session.server_time().unwrap_or(now))?;
            }
            Ok(response)
        })
        .map_err(|error| Report::from(error).during(cannot()))?;
    let label = &app.label;
    if let Response::Plain(assertion) = &response {
        session.name_left_out(label, &assertion.ignored_values, conversation);
    }
    let (roles, role_session_name) = match response {
        Response::Plain(assertion) => (Some(assertion.roles), assertion.role_session_name),
        Response::Encrypted(_) => (None, None),
    };
    Ok(AwsAssertion {
        app,
        encoded: form.saml_response,
        roles,
        role_session_name,
    })
}

fn odd_link(app: &AppLink, session: &OktaSession) -> Report {
    Report::new(
        ErrorCode::OktaForeignTile,
        format!("cannot open {}", app.label),
    )
    .cause(format!("its link does not belong to {}", session.org()))
    .hint("name the app's embed link with `app =` in [aws]")
}
