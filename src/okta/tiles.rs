//! The user's tiles (`/api/v1/users/me/appLinks`).

use serde_json::Value;
use url::Url;

use super::json::{self, JsonError, text};
use crate::model::{AppLink, Org};

/// More tiles than anyone has.
const MOST: usize = 2000;

/// The apps a user may open, in Okta's order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tiles {
    pub links: Vec<AppLink>,
    /// How many tiles were left out because their link leads to another origin than the org's, or is none.
    pub left_out: usize,
}

impl Tiles {
    pub const PATH: &str = "/api/v1/users/me/appLinks";

    /// # Errors
    /// When the body is not a list.
    pub fn parse(org: &Org, content_type: &str, body: &[u8]) -> Result<Self, JsonError> {
        let Value::Array(listed) = json::parse(content_type, body)? else {
            return Err(JsonError::Shape);
        };
        let count = listed.len();
        let links: Vec<AppLink> = listed
            .iter()
            .take(MOST)
            .filter_map(|tile| app_link(org, tile))
            .collect();
        let left_out = count - links.len();
        Ok(Self { links, left_out })
    }

    /// Tiles of AWS Account Federation.
    pub fn aws(&self) -> impl Iterator<Item = &AppLink> {
        self.of_kind("amazon_aws")
    }

    /// Tiles of IAM Identity Center, which hands out no SAML role.
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
    fn aws_tiles_are_found_and_foreign_ones_left_out() {
        let org = Org::parse("acme.okta.com").unwrap();
        let body = include_bytes!("../../tests/fixtures/okta/app_links.json");
        let tiles = Tiles::parse(&org, "application/json", body).unwrap();
        let labels: Vec<_> = tiles.aws().map(|link| link.label.as_str()).collect();
        assert_eq!(labels, ["AWS (production)", "AWS (sandbox)"]);
        assert_eq!(tiles.aws_identity_center().count(), 1);
        assert_eq!((tiles.links.len(), tiles.left_out), (4, 3));
    }

    #[test]
    fn an_error_body_is_not_a_list() {
        let org = Org::parse("acme.okta.com").unwrap();
        let read = |body: &[u8]| Tiles::parse(&org, "application/json", body).unwrap_err();
        assert_eq!(read(b"{\"errorCode\":\"E0000005\"}"), JsonError::Shape);
        assert_eq!(read(b"[{}"), JsonError::NotJson);
    }
}
