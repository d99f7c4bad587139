use super::*;
use crate::model::ArnError;

#[test]
fn durations_are_read_in_the_usual_spellings() {
    for (text, expected) in [
        ("1h", Some(3600)),
        ("90m", Some(5400)),
        ("3600", None),
        ("45", None),
        ("3600s", Some(3600)),
        ("1h30m", Some(5400)),
        ("", None),
        ("h", None),
        ("1 h", None),
        ("-1h", None),
        ("1h5", None),
        ("1m1h", None),
        ("1h1h", None),
        ("1d", None),
        ("99999999999", None),
        ("9999999h", None),
    ] {
        assert_eq!(duration(text).ok(), expected, "{text}");
    }
    let read = Kind::Duration(900, 43_200).read(&Raw::Text("60s"));
    assert_eq!(
        read.unwrap_err().to_string(),
        "out of range; it must lie between 15m and 12h"
    );
}

#[test]
fn numbers_without_a_unit_count_seconds_or_are_refused() {
    for raw in [Raw::Text("45"), Raw::Number(45), Raw::Text("045")] {
        let read = Kind::Duration(1, 43_200).read(&raw);
        assert_eq!(
            read.unwrap_err().to_string(),
            "45 has no unit; did you mean `45m` or `45s`?"
        );
    }
    let credentials = Kind::Duration(900, 43_200);
    for raw in [Raw::Text("3600"), Raw::Number(3600)] {
        assert_eq!(credentials.read(&raw), Ok(Value::Seconds(3600)));
    }
    for number in [15, 45, 720] {
        let read = credentials.read(&Raw::Number(number));
        assert!(matches!(read, Err(ValueError::NoUnit(_))), "{number}");
    }
    let read = Kind::Duration(1, 43_200).read(&Raw::Number(-1));
    assert_eq!(read.unwrap_err(), ValueError::Duration);
}

#[test]
fn roles_are_arns_names_or_patterns_that_can_match() {
    let read = |text| Kind::Role.read(&Raw::Text(text)).map(|_| ());
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
fn regions_and_servers_have_a_shape() {
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
    assert!(is_server("https://sts.acme.com") && is_server("http://127.0.0.1:5000"));
    for bad in [
        "http://sts.acme.com",
        "https://a:b@sts.acme.com",
        "ftp://localhost",
        "sts",
    ] {
        assert!(!is_server(bad), "{bad}");
    }
}

#[test]
fn a_format_names_what_the_segment_can_show() {
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
        Kind::YesOrNo.read(&Raw::Text("true")),
        Err(ValueError::Type("true or false", "a string"))
    );
}
