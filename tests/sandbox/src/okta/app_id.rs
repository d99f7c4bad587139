//! The apps of the org.

/// The apps of the org.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AppId {
    AwsProduction,
    AwsLabs,
    Salesforce,
    OpenVpn,
    Bookmark,
}

impl AppId {
    pub(crate) const ALL: [AppId; 5] = [
        AppId::Salesforce,
        AppId::AwsProduction,
        AppId::OpenVpn,
        AppId::AwsLabs,
        AppId::Bookmark,
    ];

    /// App name (`appName`), instance id (`0oa…`), last part of the embed link, label.
    pub(super) fn parts(self) -> (&'static str, &'static str, &'static str, &'static str) {
        match self {
            AppId::AwsProduction => (
                "amazon_aws",
                "0oa1awsprod0000000h7",
                "272",
                "AWS production",
            ),
            AppId::AwsLabs => ("amazon_aws", "0oa1awslabs0000000h7", "272", "AWS labs"),
            AppId::Salesforce => ("salesforce", "0oa1salesforce0000h7", "46", "Salesforce"),
            AppId::OpenVpn => (
                "openvpn",
                "0oa1openvpn0000000h7",
                "aln1openvpn0000000h7",
                "VPN",
            ),
            AppId::Bookmark => ("bookmark", "0oa1bookmark000000h7", "2557", "Intranet"),
        }
    }

    pub(super) fn is_aws(self) -> bool {
        matches!(self, AppId::AwsProduction | AppId::AwsLabs)
    }

    /// `/home/{appName}/{id}/{…}`, what tiles link to.
    pub(crate) fn home_path(self) -> String {
        let (name, id, last, _) = self.parts();
        format!("/home/{name}/{id}/{last}")
    }

    /// `/app/{appName}/{exk…}/sso/saml`, the other form of the same link.
    pub(crate) fn sso_path(self) -> String {
        let (name, id, ..) = self.parts();
        format!("/app/{name}/{}/sso/saml", id.replace("0oa", "exk"))
    }

    /// By the instance id.
    pub(crate) fn by_id(id: &str) -> Option<AppId> {
        AppId::ALL.into_iter().find(|app| app.parts().1 == id)
    }

    pub(super) fn at(path: &str) -> Option<AppId> {
        AppId::ALL
            .into_iter()
            .find(|app| path == app.home_path() || path == app.sso_path())
    }
}
