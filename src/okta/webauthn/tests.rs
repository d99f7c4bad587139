use proptest::prelude::*;

use super::*;

fn org() -> Org {
    Org::parse("https://login.acme.com:8443").unwrap()
}

fn asked() -> WebAuthnChallenge {
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
fn client_data_is_written_as_the_standard_has_it_for_the_origin_as_it_is_used() {
    let demand = asked().for_org(&org()).unwrap();
    assert_eq!(
        demand.client_data,
        r#"{"type":"webauthn.get","challenge":"kygOUtSWURMv_t_Gj71Y","origin":"https://login.acme.com:8443","crossOrigin":false}"#
    );
    assert_eq!(demand.rp_id, "login.acme.com");
    assert!(is_client_data_for(&org(), &demand.client_data));
    assert!(!is_client_data_for(
        &Org::parse("login.acme.com").unwrap(),
        &demand.client_data
    ));
    assert!(!is_client_data_for(&org(), "{}"));
    assert_eq!(demand.credential_ids, [b"key-1", b"key-2"]);
    assert_eq!(demand.verification, Verification::Preferred);
    let plain = asked().for_org(&Org::parse("acme.okta.com").unwrap());
    assert!(
        plain
            .unwrap()
            .client_data
            .contains(r#""origin":"https://acme.okta.com","#)
    );
}

#[test]
fn the_relying_party_is_the_host_or_a_domain_above_it_that_is_nobody_elses() {
    let named = |org: &str, rp_id: &str| {
        let asked = WebAuthnChallenge {
            rp_id: Some(rp_id.into()),
            ..asked()
        };
        asked
            .for_org(&Org::parse(org).unwrap())
            .map(|demand| demand.rp_id)
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
fn an_app_id_counts_only_if_it_is_the_orgs() {
    for (app_id, own) in [
        ("https://login.acme.com", true),
        ("https://login.acme.com/app-id.json", true),
        ("https://acme.com", true),
        ("https://evil.com", false),
        ("http://login.acme.com", false),
        ("login.acme.com", false),
        ("https://com", false),
    ] {
        let asked = WebAuthnChallenge {
            app_id: Some(app_id.into()),
            ..asked()
        };
        assert_eq!(
            asked.for_org(&org()).unwrap().app_id.is_some(),
            own,
            "{app_id}"
        );
    }
}

#[test]
fn what_cannot_be_a_challenge_or_a_key_is_refused_by_name() {
    let long = "A".repeat(1400);
    for challenge in ["", "a", "short", "not base64!", "+/+/+/+/+/+/+/+/", &long] {
        let asked = WebAuthnChallenge {
            challenge: challenge.into(),
            ..asked()
        };
        assert_eq!(
            asked.for_org(&org()).unwrap_err(),
            WebAuthnError::Challenge,
            "{challenge}"
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
        let asked = WebAuthnChallenge {
            credential_ids: ids,
            ..asked()
        };
        assert_eq!(asked.for_org(&org()).unwrap_err(), error);
    }
}

#[test]
fn an_answer_is_for_this_site_of_a_key_that_was_asked_and_given_by_a_person() {
    let with = |verification: &str| {
        let asked = WebAuthnChallenge {
            user_verification: Some(verification.into()),
            app_id: Some("https://login.acme.com".into()),
            ..asked()
        };
        asked.for_org(&org()).unwrap()
    };
    let demand = with("discouraged");
    let taken = demand.check(answer("login.acme.com", PRESENT)).unwrap();
    assert_eq!(taken.client_data, demand.client_data.as_bytes());
    assert_eq!(taken.authenticator_data, data("login.acme.com", PRESENT));
    demand
        .check(answer("https://login.acme.com", PRESENT))
        .unwrap();
    let refused = |demand: &AssertionRequest, answer| demand.check(answer).unwrap_err();
    let site = "login.acme.com";
    assert_eq!(
        refused(&demand, answer("acme.com", 1)),
        WebAuthnError::OtherSite
    );
    assert_eq!(
        refused(&demand, answer(site, VERIFIED)),
        WebAuthnError::NotPresent
    );
    assert_eq!(
        refused(&with("required"), answer(site, 1)),
        WebAuthnError::NotVerified
    );
    with("required")
        .check(answer(site, PRESENT | VERIFIED))
        .unwrap();
    let other = KeyAssertion {
        credential_id: b"key-3".to_vec(),
        ..answer(site, 1)
    };
    assert_eq!(refused(&demand, other), WebAuthnError::OtherKey);
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
        assert_eq!(refused(&demand, odd), WebAuthnError::Shape);
    }
    let extended = KeyAssertion {
        authenticator_data: [data(site, 1 | EXTENDED), vec![0xa0]].concat(),
        ..answer(site, 1)
    };
    demand.check(extended).unwrap();
}

#[test]
fn without_an_app_id_of_the_orgs_nothing_is_signed_for_it() {
    let asked = WebAuthnChallenge {
        app_id: Some("https://evil.com".into()),
        ..asked()
    };
    let demand = asked.for_org(&org()).unwrap();
    let refused = demand.check(answer("https://evil.com", 1)).unwrap_err();
    assert_eq!(refused, WebAuthnError::OtherSite);
}

proptest! {
    #[test]
    fn every_challenge_is_signed_as_the_bytes_it_stands_for(bytes in proptest::collection::vec(any::<u8>(), 8..=512), padded: bool) {
        let text = match padded {
            true => base64::engine::general_purpose::URL_SAFE.encode(&bytes),
            false => encode_base64url(&bytes),
        };
        let asked = WebAuthnChallenge { challenge: text, ..asked() };
        let demand = asked.for_org(&org()).unwrap();
        let client: Value = serde_json::from_str(&demand.client_data).unwrap();
        prop_assert_eq!(decode_base64url(client["challenge"].as_str().unwrap()).unwrap(), bytes);
        prop_assert_eq!(&client["origin"], "https://login.acme.com:8443");
        prop_assert_eq!(client.as_object().unwrap().len(), 4);
    }

    #[test]
    fn no_text_makes_it_panic_or_say_what_was_not_meant(challenge in ".{0,80}", id in ".{0,40}", rp_id in ".{0,40}", app_id in ".{0,40}") {
        let asked = WebAuthnChallenge {
            challenge,
            credential_ids: vec![id],
            user_verification: None,
            app_id: Some(app_id),
            rp_id: Some(rp_id),
        };
        if let Ok(demand) = asked.for_org(&org()) {
            let client: Value = serde_json::from_str(&demand.client_data).unwrap();
            prop_assert_eq!(&client["type"], "webauthn.get");
            prop_assert!(demand.rp_id == "login.acme.com" || demand.rp_id == "acme.com");
        }
    }

    #[test]
    fn no_answer_makes_it_panic(credential_id in any::<Vec<u8>>(), data in proptest::collection::vec(any::<u8>(), 0..64), signature in any::<Vec<u8>>()) {
        let demand = asked().for_org(&org()).unwrap();
        let _ = demand.check(KeyAssertion { credential_id, authenticator_data: data.clone(), signature: signature.clone() });
        let _ = demand.check(KeyAssertion { credential_id: b"key-1".to_vec(), authenticator_data: data, signature });
    }
}
