//! The apps on the user's dashboard (`/api/v1/users/me/appLinks`).

use serde_json::Value;
use url::Url;

use super::json::{self, JsonError, text};
use crate::model::{AppLink, Org};

const MAX_TILES: usize = 2000;

/// The apps that the user may open, in Okta's order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tiles {
    pub links: Vec<AppLink>,
    /// The number of apps whose link is no URL of the org.
    pub skipped: usize,
}

impl Tiles {
    pub const PATH: &str = "/api/v1/users/me/appLinks";

    /// Parses the list.
    ///
    /// # Errors
    /// [`JsonError::Shape`] if the body is no list.
    pub fn parse(org: &Org, content_type: &str, body: &[u8]) -> Result<Self, JsonError> {
        let Value::Array(listed) = json::parse(content_type, body)? else {
            return Err(JsonError::Shape);
        };
        let count = listed.len();
        let links: Vec<AppLink> = listed
            .iter()
            .take(MAX_TILES)
            .filter_map(|tile| app_link(org, tile))
            .collect();
        let skipped = count - links.len();
        Ok(Self { links, skipped })
    }

    /// Returns the apps of AWS Account Federation.
    pub fn aws(&self) -> impl Iterator<Item = &AppLink> {
        self.of_kind("amazon_aws")
    }

    /// Returns the apps of IAM Identity Center, which have no SAML roles.
    pub fn aws_identity_center(&self) -> impl Iterator<Item = &AppLink> {
        self.of_kind("amazon_aws_sso")
    }

    fn of_kind(&self, app_name: &'static str) -> impl Iterator<Item = &AppLink> {
        self.links
            .iter()
            .filter(move |link| link.app_name == app_name)
    }
}

fn app_link(org: &Org, tile: &Value) -> Option<AppLink> {
    let url = text(tile, "linkUrl")?;
    Url::parse(url).ok().filter(|url| org.owns(url))?;
    Some(AppLink {
        label: text(tile, "label").unwrap_or_default().to_owned(),
        url: url.to_owned(),
        app_name: text(tile, "appName").unwrap_or_default().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aws_apps_are_found_and_foreign_links_skipped() {
        let org = Org::parse("acme.okta.com").unwrap();
        let body = include_bytes!("../../tests/fixtures/okta/app_links.json");
        let tiles = Tiles::parse(&org, "application/json", body).unwrap();
        let labels: Vec<_> = tiles.aws().map(|link| link.label.as_str()).collect();
        assert_eq!(labels, ["AWS (production)", "AWS (sandbox)"]);
        assert_eq!(tiles.aws_identity_center().count(), 1);
        assert_eq!((tiles.links.len(), tiles.skipped), (4, 3));
    }

    #[test]
    fn error_body_is_no_list() {
        let org = Org::parse("acme.okta.com").unwrap();
        let read = |body: &[u8]| Tiles::parse(&org, "application/json", body).unwrap_err();
        assert_eq!(read(b"{\"errorCode\":\"E0000005\"}"), JsonError::Shape);
        assert_eq!(read(b"[{}"), JsonError::NotJson);
    }
}
