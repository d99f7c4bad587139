use super::*;
use crate::model::ArnError;

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

const CREDENTIALS: Kind = Kind::Duration(Duration::from_secs(900), Duration::from_secs(43_200));

#[test]
fn duration_out_of_range_names_both_bounds() {
    let parsed = CREDENTIALS.parse(&Raw::Text("60s"));
    assert_eq!(
        parsed.unwrap_err().to_string(),
        "out of range; it must lie between 15m and 12h"
    );
}

#[test]
fn number_without_a_unit_is_seconds_or_refused() {
    for raw in [Raw::Text("45"), Raw::Number(45), Raw::Text("045")] {
        let read = Kind::Duration(seconds(1), seconds(43_200)).parse(&raw);
        assert_eq!(
            read.unwrap_err().to_string(),
            "45 has no unit; did you mean `45m` or `45s`?"
        );
    }
    for raw in [Raw::Text("3600"), Raw::Number(3600)] {
        assert_eq!(CREDENTIALS.parse(&raw), Ok(Value::Duration(seconds(3600))));
    }
    for number in [15, 45, 720] {
        let read = CREDENTIALS.parse(&Raw::Number(number));
        assert!(
            matches!(read, Err(ValueError::Duration(DurationError::NoUnit(_)))),
            "{number}"
        );
    }
    let read = Kind::Duration(seconds(1), seconds(43_200)).parse(&Raw::Number(-1));
    assert_eq!(
        read.unwrap_err(),
        ValueError::Duration(DurationError::Malformed)
    );
}

#[test]
fn role_is_an_arn_a_name_or_a_pattern_that_can_match() {
    let read = |text| Kind::Role.parse(&Raw::Text(text)).map(|_| ());
    for good in [
        "arn:aws:iam::123456789012:role/Deploy",
        "arn:aws:iam::*:role/Deploy*",
        "arn:*",
        "prod/Deploy",
        "*/Deploy",
        "Deploy",
    ] {
        assert_eq!(read(good), Ok(()), "{good}");
    }
    assert_eq!(
        read("arn:aws:iam::12:role/x"),
        Err(ValueError::Arn(ArnError::Account))
    );
    assert_eq!(read("arn:aws:iam::*:user/x"), Err(ValueError::RoleGlob));
    assert_eq!(read("arn:aws:sts::*"), Err(ValueError::RoleGlob));
    assert_eq!(read("a\nb"), Err(ValueError::Control));
}

#[test]
fn regions_and_endpoints_are_checked_by_shape() {
    for good in ["eu-west-1", "us-gov-east-1", "cn-north-1", "us-isob-east-1"] {
        assert!(is_region(good), "{good}");
    }
    for bad in [
        "eu",
        "eu-west",
        "EU-WEST-1",
        "eu-west-1.evil.com",
        "eu-west-1/",
        "-west-1",
    ] {
        assert!(!is_region(bad), "{bad}");
    }
    assert!(is_endpoint("https://sts.acme.com") && is_endpoint("http://127.0.0.1:5000"));
    for bad in [
        "http://sts.acme.com",
        "https://a:b@sts.acme.com",
        "ftp://localhost",
        "sts",
    ] {
        assert!(!is_endpoint(bad), "{bad}");
    }
}

#[test]
fn format_takes_the_fields_of_the_segment_only() {
    for good in [
        "{account}/{role} {left}",
        "none",
        "[{profile}] {class} {vpn}",
    ] {
        assert!(is_format(good), "{good}");
    }
    for bad in ["{user}", "{left", "left}", "{{left}}", "{}", "{left}}"] {
        assert!(!is_format(bad), "{bad}");
    }
    assert_eq!(
        Kind::Boolean.parse(&Raw::Text("true")),
        Err(ValueError::Type("true or false", "a string"))
    );
}

#[test]
fn host_has_no_scheme_user_path_or_query() {
    for good in [
        "vpn.acme.com",
        "127.0.0.1:8443",
        "[::1]:443",
        "vpn-2.acme.com",
    ] {
        assert!(is_host(good), "{good}");
    }
    for bad in [
        "https://vpn.acme.com",
        "vpn.acme.com/x",
        "a@b",
        "a b",
        "",
        "vpn.acme.com:x",
        "a?b",
    ] {
        assert!(!is_host(bad), "{bad}");
    }
}

#[test]
fn network_with_host_bits_is_refused() {
    let parse = |network| Kind::Networks.parse(&Raw::List(vec![network]));
    assert!(parse("10.0.0.0/8").is_ok() && parse("fd00::/8").is_ok());
    assert!(parse("10.0.0.1/8").is_err());
}
