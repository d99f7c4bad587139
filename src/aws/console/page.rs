//! The page of the console to open: a service, a page of it, or an address from a browser.

use url::Url;

use super::{Console, ConsoleError};
use crate::aws::Region;

/// Upper limit of the text for a page.
const MAX_LINK_BYTES: usize = 2048;

impl Console {
    /// Returns the page to open: a service's page (`s3`, `cloudwatch#logsV2:log-groups`), or a
    /// whole address of this console. `region` is added unless the query or the host names one.
    ///
    /// # Errors
    /// [`ConsoleError`] if the text is not spelled like one, or is another site's address.
    pub fn page(
        &self,
        service: Option<&str>,
        region: Option<&Region>,
    ) -> Result<Url, ConsoleError> {
        let text = service.unwrap_or("console");
        let invalid = || ConsoleError::Service(text.chars().take(64).collect());
        let is_plain = |c: char| c.is_ascii_graphic() && !"\\\"<>`".contains(c);
        if text.len() > MAX_LINK_BYTES || !text.chars().all(is_plain) {
            return Err(invalid());
        }
        let mut page = match self.parse_address(text)? {
            Some(page) => page,
            None => self.parse_service(text).ok_or_else(invalid)?,
        };
        // `eu-central-1.console.aws.amazon.com`
        let is_regional = page.host_str() != Some(self.host);
        let has_region = is_regional || page.query_pairs().any(|(name, _)| name == "region");
        if let Some(region) = region.filter(|_| !has_region) {
            page.query_pairs_mut()
                .append_pair("region", region.as_str());
        }
        Ok(page)
    }

    /// Parses a whole address. Returns `None` if the text is not one.
    fn parse_address(&self, text: &str) -> Result<Option<Url>, ConsoleError> {
        let domain = format!(".{}", self.host);
        let begins = text.split(['/', '?', '#']).next().unwrap_or_default();
        let with_scheme = match format!(".{begins}").ends_with(&domain) {
            true => format!("https://{text}"),
            false if text.contains("://") => text.to_owned(),
            false => return Ok(None),
        };
        let mut url = Url::parse(&with_scheme).map_err(|_| ConsoleError::Address)?;
        let host = url.host_str().unwrap_or_default().to_owned();
        let is_ours = url.scheme() == "https"
            && url.port().is_none()
            && url.username().is_empty()
            && url.password().is_none()
            && format!(".{host}").ends_with(&domain);
        if !is_ours {
            return Err(ConsoleError::OtherAddress {
                host,
                console: self.host,
            });
        }
        // With several sessions in one browser, the first label is `ACCOUNT-ID` of one of them
        // (`123456789012-ab12cd34.`). It is invalid once that session has ended.
        if let Some((first, rest)) = host.split_once('.')
            && first.len() > 13
            && first.bytes().take(12).all(|b| b.is_ascii_digit())
            && first.as_bytes()[12] == b'-'
        {
            url.set_host(Some(rest))
                .map_err(|_| ConsoleError::Address)?;
        }
        Ok(Some(url))
    }

    /// Parses `SERVICE` or `SERVICE/PAGE`, with a `?QUERY` and a `#FRAGMENT` as in the console's
    /// addresses.
    fn parse_service(&self, text: &str) -> Option<Url> {
        let (rest, fragment) = split(text, '#');
        let (path, query) = split(rest, '?');
        let is_deep = fragment.is_some() || query.is_some();
        let fits = |c: char| {
            c.is_ascii_lowercase()
                || c.is_ascii_digit()
                || "-/".contains(c)
                || (is_deep && (c.is_ascii_uppercase() || "._~:%@,=+".contains(c)))
        };
        let is_valid = path.starts_with(|c: char| c.is_ascii_lowercase())
            && (is_deep || path.len() <= 64)
            && !path.contains("//")
            && !path.split('/').any(|part| part == "..")
            && path.chars().all(fits)
            && fragment != Some("")
            && query != Some("");
        if !is_valid {
            return None;
        }
        let path = path.trim_end_matches('/');
        // `s3/buckets` is a page; `s3` and `ec2/v2#Instances:` need `/home`.
        let is_path = path.contains('/') && (query.is_some() || fragment.is_none());
        let is_page = path.ends_with("/home") || is_path;
        let home = if is_page { "" } else { "/home" };
        let mut url = Url::parse(&format!("https://{}/{path}{home}", self.host)).ok()?;
        url.set_query(query);
        url.set_fragment(fragment);
        Some(url)
    }
}

fn split(text: &str, at: char) -> (&str, Option<&str>) {
    text.split_once(at)
        .map_or((text, None), |(before, after)| (before, Some(after)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::RoleArn;

    fn console(partition: &str) -> Result<Console, ConsoleError> {
        let role = RoleArn::parse(&format!("arn:{partition}:iam::123456789012:role/R")).unwrap();
        Console::for_partition(&role.partition(), None)
    }

    #[test]
    fn service_is_only_a_path() {
        let page = |service: &str| console("aws").unwrap().page(Some(service), None);
        assert_eq!(
            page("s3").unwrap().as_str(),
            "https://console.aws.amazon.com/s3/home"
        );
        for (typed, path) in [
            ("s3/buckets", "s3/buckets"),
            ("s3/buckets/x?tab=objects", "s3/buckets/x?tab=objects"),
            ("ec2/v2#Instances:", "ec2/v2/home#Instances:"),
            ("ec2/home#Instances:", "ec2/home#Instances:"),
        ] {
            let expected = format!("https://console.aws.amazon.com/{path}");
            assert_eq!(page(typed).unwrap().as_str(), expected);
        }
        for service in [
            "",
            "//evil",
            "s3?",
            "@evil.com",
            "s3#",
            "S3",
            "..",
            "a//b",
            "s3\n",
            &"x".repeat(99),
            "s3#\"x",
            "s3 x",
            "s3/../x#y",
            &format!("s3#{}", "x".repeat(2048)),
        ] {
            assert!(
                matches!(page(service), Err(ConsoleError::Service(_))),
                "{service:?}"
            );
        }
    }

    #[test]
    fn deep_links_of_the_same_console_are_accepted() {
        let region = Region::parse("eu-west-1").unwrap();
        let page = |text: &str| {
            let page = console("aws").unwrap().page(Some(text), Some(&region));
            page.map(String::from)
        };
        for (text, expected) in [
            (
                "cloudwatch#logsV2:log-groups",
                "https://console.aws.amazon.com/cloudwatch/home?region=eu-west-1\
                 #logsV2:log-groups",
            ),
            (
                "cloudwatch/home?region=us-east-1#logsV2:log-groups/log-group/$252Faws$252Fx",
                "https://console.aws.amazon.com/cloudwatch/home?region=us-east-1\
                 #logsV2:log-groups/log-group/$252Faws$252Fx",
            ),
            (
                "ec2/v2/home#Instances:instanceState=running",
                "https://console.aws.amazon.com/ec2/v2/home?region=eu-west-1\
                 #Instances:instanceState=running",
            ),
            (
                "s3/buckets/My.Bucket?tab=objects",
                "https://console.aws.amazon.com/s3/buckets/My.Bucket\
                 ?tab=objects&region=eu-west-1",
            ),
            (
                "https://eu-central-1.console.aws.amazon.com/ec2/home\
                 ?region=eu-central-1#Instances:",
                "https://eu-central-1.console.aws.amazon.com/ec2/home\
                 ?region=eu-central-1#Instances:",
            ),
            (
                "console.aws.amazon.com/billing/home",
                "https://console.aws.amazon.com/billing/home?region=eu-west-1",
            ),
            (
                "https://123456789012-ab12cd34.us-east-1.console.aws.amazon.com/s3/home\
                 ?region=us-east-1",
                "https://us-east-1.console.aws.amazon.com/s3/home?region=us-east-1",
            ),
        ] {
            assert_eq!(page(text).as_deref(), Ok(expected), "{text}");
        }
        for text in [
            "https://evil.example/ec2/home",
            "https://console.aws.amazon.com.evil.example/",
            "https://evilconsole.aws.amazon.com/",
            "https://console.amazonaws-us-gov.com/ec2/home",
            "http://console.aws.amazon.com/ec2/home",
            "https://console.aws.amazon.com:8443/ec2/home",
            "https://a:b@console.aws.amazon.com/ec2/home",
            "https://console.aws.amazon.com@evil.example/",
            "javascript://console.aws.amazon.com/%0aalert(1)",
        ] {
            assert!(
                matches!(page(text), Err(ConsoleError::OtherAddress { .. })),
                "{text}"
            );
        }
        assert_eq!(page("https://"), Err(ConsoleError::Address));
    }

    #[test]
    fn each_partition_takes_its_own_addresses_and_services() {
        for (partition, host, region, others) in [
            (
                "aws-us-gov",
                "console.amazonaws-us-gov.com",
                "us-gov-west-1",
                ["console.aws.amazon.com", "console.amazonaws.cn"],
            ),
            (
                "aws-cn",
                "console.amazonaws.cn",
                "cn-north-1",
                ["console.aws.amazon.com", "console.amazonaws-us-gov.com"],
            ),
        ] {
            let region = Region::parse(region).unwrap();
            let console = console(partition).unwrap();
            let page = |text: &str| {
                let page = console.page(Some(text), Some(&region));
                page.map(String::from)
            };
            let query = format!("?region={}", region.as_str());
            assert_eq!(
                page("cloudwatch#logsV2:log-groups").unwrap(),
                format!("https://{host}/cloudwatch/home{query}#logsV2:log-groups")
            );
            assert_eq!(
                page(&format!("{host}/s3/home")).unwrap(),
                format!("https://{host}/s3/home{query}")
            );
            let regional = format!("{}.{host}/ec2/home{query}#Instances:", region.as_str());
            let whole = format!("https://{regional}");
            assert_eq!(page(&whole).as_ref(), Ok(&whole));
            let session = format!("https://123456789012-ab12cd34.{regional}");
            assert_eq!(page(&session), Ok(whole));
            for other in others {
                let refused = page(&format!("https://{other}/ec2/home"));
                assert!(
                    matches!(refused, Err(ConsoleError::OtherAddress { .. })),
                    "{other}"
                );
            }
        }
    }
}
