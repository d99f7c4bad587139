use base64::Engine as _;
use proptest::prelude::*;
use ring::digest::{SHA256, digest};
use serde_json::Value;

use super::assertion::{ATTESTED, EXTENDED, USER_PRESENT, USER_VERIFIED};
use super::*;
use crate::model::Org;

fn org() -> Org {
    Org::parse("https://login.acme.com:8443").unwrap()
}

fn challenge() -> WebAuthnChallenge {
    WebAuthnChallenge {
        challenge: "kygOUtSWURMv_t_Gj71Y".into(),
        credential_ids: vec!["a2V5LTE".into(), "a2V5LTI=".into(), "a2V5LTE".into()],
        user_verification: None,
        app_id: None,
        rp_id: None,
    }
}

fn data(site: &str, flags: u8) -> Vec<u8> {
    let hash = digest(&SHA256, site.as_bytes());
    [hash.as_ref(), &[flags], &[0, 0, 0, 7]].concat()
}

fn answer(site: &str, flags: u8) -> KeyAssertion {
    KeyAssertion {
        credential_id: b"key-2".to_vec(),
        authenticator_data: data(site, flags),
        signature: vec![1; 70],
    }
}

#[test]
fn client_data_has_standard_form_and_the_orgs_origin() {
    let request = challenge().for_org(&org()).unwrap();
    assert_eq!(
        request.client_data,
        concat!(
            r#"{"type":"webauthn.get","challenge":"kygOUtSWURMv_t_Gj71Y","#,
            r#""origin":"https://login.acme.com:8443","crossOrigin":false}"#
        )
    );
    assert_eq!(request.rp_id, "login.acme.com");
    assert!(is_client_data_for(&org(), &request.client_data));
    assert!(!is_client_data_for(
        &Org::parse("login.acme.com").unwrap(),
        &request.client_data
    ));
    assert!(!is_client_data_for(&org(), "{}"));
    assert_eq!(request.credential_ids, [b"key-1", b"key-2"]);
    assert_eq!(request.verification, Verification::Preferred);
    let plain = challenge().for_org(&Org::parse("acme.okta.com").unwrap());
    assert!(
        plain
            .unwrap()
            .client_data
            .contains(r#""origin":"https://acme.okta.com","#)
    );
}

#[test]
fn relying_party_is_the_host_or_a_domain_above_it() {
    let named = |org: &str, rp_id: &str| {
        let challenge = WebAuthnChallenge {
            rp_id: Some(rp_id.into()),
            ..challenge()
        };
        challenge
            .for_org(&Org::parse(org).unwrap())
            .map(|request| request.rp_id)
    };
    for (org, rp_id) in [
        ("login.acme.com", "login.acme.com"),
        ("login.acme.com", "acme.com"),
        ("login.acme.com", "ACME.com"),
        ("127.0.0.1:8443", "127.0.0.1"),
    ] {
        assert_eq!(named(org, rp_id).unwrap(), rp_id.to_lowercase());
    }
    for (org, rp_id) in [
        ("login.acme.com", "evil.com"),
        ("login.acme.com", "com"),
        ("login.acme.com", "me.com"),
        ("login.acme.com", ".acme.com"),
        ("login.acme.com", ""),
        ("login.acme.com", "x.login.acme.com"),
        ("acme.okta.com", "okta.com"),
        ("acme.oktapreview.com", "oktapreview.com"),
        ("127.0.0.1:8443", "0.0.1"),
        ("localhost:8443", "example.com"),
    ] {
        let error = named(org, rp_id).unwrap_err();
        assert_eq!(error, WebAuthnError::RelyingParty(rp_id.into()), "{org}");
    }
}

#[test]
fn foreign_app_id_is_dropped() {
    for (app_id, own) in [
        ("https://login.acme.com", true),
        ("https://login.acme.com/app-id.json", true),
        ("https://acme.com", true),
        ("https://evil.com", false),
        ("http://login.acme.com", false),
        ("login.acme.com", false),
        ("https://com", false),
    ] {
        let challenge = WebAuthnChallenge {
            app_id: Some(app_id.into()),
            ..challenge()
        };
        assert_eq!(
            challenge.for_org(&org()).unwrap().app_id.is_some(),
            own,
            "{app_id}"
        );
    }
}

#[test]
fn invalid_challenges_and_credential_ids_are_refused() {
    let long = "A".repeat(1400);
    for text in ["", "a", "short", "not base64!", "+/+/+/+/+/+/+/+/", &long] {
        let challenge = WebAuthnChallenge {
            challenge: text.into(),
            ..challenge()
        };
        assert_eq!(
            challenge.for_org(&org()).unwrap_err(),
            WebAuthnError::Challenge,
            "{text}"
        );
    }
    for (ids, error) in [
        (vec![], WebAuthnError::NoKeys),
        (vec!["".to_owned()], WebAuthnError::CredentialId),
        (vec!["?".to_owned()], WebAuthnError::CredentialId),
        (vec![long.clone()], WebAuthnError::CredentialId),
        (
            (0..65_u8)
                .map(|number| encode_base64url(&[number]))
                .collect(),
            WebAuthnError::NoKeys,
        ),
    ] {
        let challenge = WebAuthnChallenge {
            credential_ids: ids,
            ..challenge()
        };
        assert_eq!(challenge.for_org(&org()).unwrap_err(), error);
    }
}

#[test]
fn assertion_is_checked_for_key_site_and_presence() {
    let with = |verification: &str| {
        let challenge = WebAuthnChallenge {
            user_verification: Some(verification.into()),
            app_id: Some("https://login.acme.com".into()),
            ..challenge()
        };
        challenge.for_org(&org()).unwrap()
    };
    let request = with("discouraged");
    let taken = request
        .check(answer("login.acme.com", USER_PRESENT))
        .unwrap();
    assert_eq!(taken.client_data, request.client_data.as_bytes());
    assert_eq!(
        taken.authenticator_data,
        data("login.acme.com", USER_PRESENT)
    );
    request
        .check(answer("https://login.acme.com", USER_PRESENT))
        .unwrap();
    let refused = |request: &AssertionRequest, answer| request.check(answer).unwrap_err();
    let site = "login.acme.com";
    assert_eq!(
        refused(&request, answer("acme.com", 1)),
        WebAuthnError::OtherSite
    );
    assert_eq!(
        refused(&request, answer(site, USER_VERIFIED)),
        WebAuthnError::NotPresent
    );
    assert_eq!(
        refused(&with("required"), answer(site, 1)),
        WebAuthnError::NotVerified
    );
    with("required")
        .check(answer(site, USER_PRESENT | USER_VERIFIED))
        .unwrap();
    let other = KeyAssertion {
        credential_id: b"key-3".to_vec(),
        ..answer(site, 1)
    };
    assert_eq!(refused(&request, other), WebAuthnError::OtherKey);
    for (data, signature) in [
        (data(site, 1)[..36].to_vec(), vec![1]),
        ([data(site, 1), vec![0]].concat(), vec![1]),
        (data(site, 1 | ATTESTED), vec![1]),
        (data(site, 1 | EXTENDED), vec![1]),
        ([data(site, 1 | EXTENDED), vec![0; 1000]].concat(), vec![1]),
        (vec![], vec![1]),
        (data(site, 1), vec![]),
        (data(site, 1), vec![1; 1025]),
    ] {
        let odd = KeyAssertion {
            authenticator_data: data,
            signature,
            ..answer(site, 1)
        };
        assert_eq!(refused(&request, odd), WebAuthnError::Shape);
    }
    let extended = KeyAssertion {
        authenticator_data: [data(site, 1 | EXTENDED), vec![0xa0]].concat(),
        ..answer(site, 1)
    };
    request.check(extended).unwrap();
}

#[test]
fn assertion_for_a_foreign_app_id_is_refused() {
    let challenge = WebAuthnChallenge {
        app_id: Some("https://evil.com".into()),
        ..challenge()
    };
    let request = challenge.for_org(&org()).unwrap();
    let refused = request.check(answer("https://evil.com", 1)).unwrap_err();
    assert_eq!(refused, WebAuthnError::OtherSite);
}

proptest! {
    #[test]
    fn challenge_bytes_are_signed_unchanged(
        bytes in proptest::collection::vec(any::<u8>(), 8..=512), padded: bool
    ) {
        let text = match padded {
            true => base64::engine::general_purpose::URL_SAFE.encode(&bytes),
            false => encode_base64url(&bytes),
        };
        let challenge = WebAuthnChallenge { challenge: text, ..challenge() };
        let request = challenge.for_org(&org()).unwrap();
        let client: Value = serde_json::from_str(&request.client_data).unwrap();
        prop_assert_eq!(decode_base64url(client["challenge"].as_str().unwrap()).unwrap(), bytes);
        prop_assert_eq!(&client["origin"], "https://login.acme.com:8443");
        prop_assert_eq!(client.as_object().unwrap().len(), 4);
    }

    #[test]
    fn arbitrary_texts_keep_type_and_relying_party(
        challenge in ".{0,80}", id in ".{0,40}", rp_id in ".{0,40}", app_id in ".{0,40}"
    ) {
        let challenge = WebAuthnChallenge {
            challenge,
            credential_ids: vec![id],
            user_verification: None,
            app_id: Some(app_id),
            rp_id: Some(rp_id),
        };
        if let Ok(request) = challenge.for_org(&org()) {
            let client: Value = serde_json::from_str(&request.client_data).unwrap();
            prop_assert_eq!(&client["type"], "webauthn.get");
            prop_assert!(request.rp_id == "login.acme.com" || request.rp_id == "acme.com");
        }
    }

    #[test]
    fn arbitrary_assertions_do_not_panic(
        credential_id in any::<Vec<u8>>(),
        data in proptest::collection::vec(any::<u8>(), 0..64),
        signature in any::<Vec<u8>>()
    ) {
        let request = challenge().for_org(&org()).unwrap();
        for credential_id in [credential_id, b"key-1".to_vec()] {
            let _ = request.check(KeyAssertion {
                credential_id,
                authenticator_data: data.clone(),
                signature: signature.clone(),
            });
        }
    }
}
