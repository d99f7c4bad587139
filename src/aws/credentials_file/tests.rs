use proptest::prelude::*;

use super::*;
use crate::model::RoleArn;
use crate::secret::Secret;

fn credentials(token: &str) -> Credentials {
    Credentials {
        access_key_id: "ASIAEXAMPLE".to_owned(),
        secret_access_key: Secret::new("se/cr+et="),
        session_token: Secret::new(token),
        expires_at: Timestamp(1_795_309_375),
        role: RoleArn::parse("arn:aws:iam::123456789012:role/Deploy").unwrap(),
        provider: None,
    }
}

fn put(text: &str, name: &str, token: &str, foreign: ForeignSection) -> Result<String, IniError> {
    let mut file = CredentialsFile::parse(text);
    file.put(name, &credentials(token), false, foreign)?;
    Ok(file.to_string())
}

fn section(name: &str, token: &str) -> String {
    format!(
        "[{name}]\n{MARK}\naws_access_key_id = ASIAEXAMPLE\naws_secret_access_key = se/cr+et=\n\
         aws_session_token = {token}\nx_security_token_expires = 2026-11-22T01:02:55Z\n"
    )
}

const MINE: &str = "; old\r\n[default]\r\n  aws_access_key_id=AKIA ; mine\r\n\r\n\
    [ work ]  # two\r\nrole_arn =\r\n  arn\r\n[work2]\r\n[work2]\r\n";

#[test]
fn section_is_added_renewed_in_place_and_removed() {
    let once = put("[default]\na = b\n", "dev", "one", ForeignSection::Refuse).unwrap();
    assert_eq!(
        once,
        format!("[default]\na = b\n\n{}", section("dev", "one"))
    );
    let more = format!("{once}# note\nregion = eu-west-1\n\n[last]\n");
    let twice = put(&more, "dev", "two", ForeignSection::Refuse).unwrap();
    assert_eq!(twice, more.replace("= one", "= two"));
    let mut file = CredentialsFile::parse(&twice);
    assert_eq!(file.own_sections(), ["dev"]);
    let expiry = credentials("two").expires_at;
    assert_eq!(
        file.unexpired(expiry.plus(-1)),
        [("dev".to_owned(), expiry)]
    );
    assert_eq!(file.unexpired(expiry), []);
    assert_eq!(file.clean(), ["dev"]);
    assert_eq!(
        file.to_string(),
        "[default]\na = b\n\n[dev]\n# note\nregion = eu-west-1\n\n[last]\n"
    );
}

#[test]
fn formatting_comments_and_duplicates_are_kept() {
    let after = put(MINE, "dev", "t", ForeignSection::Refuse).unwrap();
    assert_eq!(
        after,
        format!("{MINE}\r\n{}", section("dev", "t").replace('\n', "\r\n"))
    );
    let mut file = CredentialsFile::parse(&after);
    file.clean();
    assert_eq!(file.to_string(), MINE);
}

#[test]
fn foreign_section_is_refused_or_replaced() {
    let mine = "[dev]\n# keep me\naws_access_key_id = AKIA\nrole_arn = x\n\n[b]\n";
    let refused = put(mine, "dev", "t", ForeignSection::Refuse);
    assert_eq!(refused, Err(IniError::Foreign("dev".into())));
    let replaced = put(mine, "dev", "t", ForeignSection::Replace).unwrap();
    assert_eq!(
        replaced,
        format!("{}# keep me\n\n[b]\n", section("dev", "t"))
    );
    for text in ["[dev]\n[dev]\n", "[dev]\n[ dev ]\n"] {
        assert!(matches!(
            put(text, "dev", "t", ForeignSection::Replace),
            Err(IniError::Twice(..))
        ));
    }
    for text in ["  [dev]\n", "[a]\nx=\n\t[dev]\n", "[dev] ]\n"] {
        assert!(
            matches!(
                put(text, "dev", "t", ForeignSection::Replace),
                Err(IniError::Unclear(..))
            ),
            "{text}"
        );
    }
}

#[test]
fn foreign_keys_are_refused_or_removed() {
    let mine = "[dev]\n# keep me\naws_access_key_id = AKIA\nregion = x\n[b]\n";
    let out = |text: &str, foreign| {
        let mut file = CredentialsFile::parse(text);
        file.remove_section("dev", foreign)
            .map(|()| file.to_string())
    };
    assert_eq!(
        out(mine, ForeignSection::Refuse),
        Err(IniError::Foreign("dev".into()))
    );
    let without = "[dev]\n# keep me\nregion = x\n[b]\n";
    assert_eq!(out(mine, ForeignSection::Replace).unwrap(), without);
    assert_eq!(out(without, ForeignSection::Refuse).unwrap(), without);
    let ours = put("[b]\n", "dev", "t", ForeignSection::Refuse).unwrap();
    assert_eq!(out(&ours, ForeignSection::Refuse).unwrap(), "[b]\n");
    assert!(matches!(
        out("[dev]\n[dev]\n", ForeignSection::Replace),
        Err(IniError::Twice(..))
    ));
}

#[test]
fn hostile_names_and_values_are_refused() {
    for name in [
        "",
        "a]",
        "a\n[b]",
        "a b",
        "$(id)",
        "a\0",
        "a\"b",
        &"x".repeat(10_240),
    ] {
        assert!(
            matches!(
                put("", name, "t", ForeignSection::Refuse),
                Err(IniError::Name(_))
            ),
            "{name:?}"
        );
    }
    for value in [
        "",
        "a b",
        "a\n[b]",
        "a\"",
        "a\0",
        "a#",
        "ü",
        "a\r",
        &"x".repeat(10_240),
    ] {
        let refused = put("", "dev", value, ForeignSection::Refuse);
        assert_eq!(
            refused,
            Err(IniError::Value("aws_session_token")),
            "{value:?}"
        );
    }
}

proptest! {
    #[test]
    fn cleaning_restores_the_file(
        lines in proptest::collection::vec(
            "[ -~\t]{0,20}\r?|\\[[a-c ]{1,3}\\]|[a-c]{1,2} ?[=:] ?[a-c]{0,2}",
            0..14,
        ),
        names in proptest::collection::vec("[x-z]{1,3}", 1..4),
    ) {
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let mut file = CredentialsFile::parse(&text);
        for name in &names {
            let put = file.put(name, &credentials("t"), false, ForeignSection::Refuse);
            prop_assume!(put.is_ok());
        }
        let mut again = CredentialsFile::parse(&file.to_string());
        again.clean();
        prop_assert_eq!(again.to_string(), text);
    }
}
