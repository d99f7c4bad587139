//! INI files of other tools: each faulty line is reported once, edits change no other byte.

use std::path::Path;

use ob::aws::{
    ConfigProfile, CredentialsFile, Sdk, config_profile_name, credential_source, with_block,
    without_block,
};
use ob::importers::Tool;
use ob::ini::{Indented, decode, encode, read, read_as, unreadable};
use ob::model::Environment;

use super::Harness;

pub(crate) const HARNESS: Harness = Harness {
    name: "ini",
    dictionary: &[
        "[default]\n",
        "[profile a]\n",
        "[profile \"a\"] # x\n",
        "[ a ]\n",
        "[DEFAULT]\n",
        "[okta]\n",
        "aws_saml_url = home/amazon_aws/0oa1/272\n",
        "role_arn = arn:aws:iam::123456789012:role/canary\n",
        "source_profile = okta\n",
        "source_profile = a\n",
        "inherits = a\n",
        "credential_process = aws-okta-processor authenticate -u canary '\n",
        "url = https://acme.okta.com/app/x/exk1/sso/saml\n",
        "okta_tile = https://acme.okta.com/home/x/0oa1/2\n",
        "  region: eu-west-1\n",
        "s3 =\n",
        "    max = 5\n",
        "    canary\n",
        "output\n",
        "# >>> ob\n",
        "# >>> ob: written by `ob config aws`, taken out by `ob config aws --remove`\n",
        "# <<< ob\n",
        "# written by ob, taken out by `ob write --clean`\n",
        "; note\n",
        "\u{feff}",
        "\r\n",
        "\r",
        "\n",
        "=",
        "[",
        "]",
        "\0",
        " ",
    ],
    templates: &[("[profile a]\n", "\nregion = x\n"), ("[a]\nk = ", "\n")],
    target,
};

const TOOLS: [Tool; 6] = [
    Tool::GimmeAwsCreds,
    Tool::Saml2Aws,
    Tool::Tokendito,
    Tool::AwsOkta,
    Tool::OktaJava,
    Tool::AwsOktaProcessor,
];

fn target(bytes: &[u8]) {
    let Ok(text) = decode(bytes) else {
        return;
    };
    assert_eq!(encode(&text).as_slice(), bytes);
    let ini = read(&text);
    let lines = text.matches(['\n', '\r']).count() + 1;
    assert!(ini.faults.is_sorted_by_key(|fault| fault.line));
    assert!(
        ini.faults
            .iter()
            .all(|fault| (1..=lines).contains(&fault.line))
    );
    for section in &ini.sections {
        let mut keys: Vec<String> = section
            .entries
            .iter()
            .map(|entry| entry.key.to_lowercase())
            .collect();
        keys.sort();
        assert!(
            keys.windows(2).all(|pair| pair[0] != pair[1]),
            "{section:?}"
        );
        assert!(
            section
                .entries
                .iter()
                .all(|entry| (1..=lines).contains(&entry.line))
        );
    }
    // Without continuation lines every value is on one line.
    let plain = read_as(&text, Indented::IsPlain);
    let mut entries = plain.sections.iter().flat_map(|section| &section.entries);
    assert!(entries.all(|entry| entry.continued().is_none()));
    if let Some(report) = unreadable(&ini, Path::new("/x")) {
        assert!(!report.causes.is_empty() && !report.render().contains("canary"));
    }
    for tool in TOOLS {
        if let Ok(findings) = tool.read(Path::new("config"), &text) {
            let named = findings.left_out.iter().map(|left| left.line);
            assert!(
                named
                    .chain(findings.notes.iter().map(|(line, _)| *line))
                    .all(|line| line <= lines)
            );
        }
    }
    for sdk in Sdk::ALL {
        let _ = credential_source(sdk, &Environment::default(), &text, &text).to_string();
    }
    check_edit(&text);
}

/// Asserts that removing the block that ob inserted restores the file.
fn check_edit(text: &str) {
    assert_eq!(CredentialsFile::parse(text).to_string(), text);
    let profiles = config_profile_name("fuzz").map(|name| ConfigProfile {
        name,
        command: vec!["ob".to_owned()],
        region: None,
    });
    let profiles: Vec<_> = profiles.into_iter().collect();
    // Inserting replaces a block that is there already, so such files cannot be compared.
    if text.contains(">>> ob") || text.contains("<<< ob") || !text.ends_with('\n') {
        return;
    }
    if let Ok(with) = with_block(text, &profiles) {
        assert_eq!(
            without_block(&with).expect("the block that was inserted"),
            text
        );
    }
}
