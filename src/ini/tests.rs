use std::path::Path;

use super::*;

/// Returns the sections and keys of `text` as `name(key=value,…)`, and the faults.
fn shown(text: &str, indented: Indented) -> (String, Vec<String>) {
    let ini = read_as(text, indented);
    let sections = ini.sections.iter().map(|section| {
        let entries = section.entries.iter();
        let entries = entries.map(|entry| format!("{}={}", entry.key, *entry.value()));
        format!(
            "{}({})",
            section.name,
            entries.collect::<Vec<_>>().join(",")
        )
    });
    let faults = ini
        .faults
        .iter()
        .map(|fault| fault.line.to_string() + &format!("{:?}", fault.kind));
    (sections.collect::<Vec<_>>().join(" "), faults.collect())
}

#[test]
fn lines_that_the_aws_tools_read_are_read() {
    for (text, expected) in [
        ("[a]\nk = v", "a(k=v)"),
        ("[a] # comment\n  k = v\n  l : w ; x\n", "a(k=v,l=w ; x)"),
        ("[a]\r\nk=v\r\n\r\n", "a(k=v)"),
        ("[a]\rk=v\r", "a(k=v)"),
        ("[a]\nk = v\n  w\n\n  x\n; c\nl = 1", "a(k=v\nw\n\nx,l=1)"),
        ("[a]\ns3 =\n  x = 1\n  y = 2\n", "a(s3=\nx = 1\ny = 2)"),
        ("[ a ]\n[b]]\n", " a () b]()"),
        ("# only\n\n", ""),
        ("[DEFAULT]\nk=1\n[DEFAULT]\nl=2", "DEFAULT(k=1,l=2)"),
    ] {
        let (sections, faults) = shown(text, Indented::Continues);
        assert_eq!((sections.as_str(), faults.len()), (expected, 0), "{text:?}");
    }
}

#[test]
fn lines_that_the_aws_tools_stop_at_are_faults() {
    for (text, expected, fault) in [
        ("\u{feff}[a]\nk=v", "a(k=v)", "1ByteOrderMark"),
        ("[a]\nk=v\noutput\n", "a(k=v)", "3NotAKey"),
        ("[a]\n= v\nk=v", "a(k=v)", "2NoKey"),
        ("[]\n[a]", "() a()", "1NoSection"),
        ("k=v\n[a]\n", "(k=v) a()", "1NoSection"),
        ("[a]\nk=1\n\n[a]\nl=2", "a(k=1,l=2)", "4DuplicateSection(1)"),
        ("[a]\nk=1\nK=2\n  x", "a(k=1)", "3DuplicateKey(2)"),
        ("[a]\ns3=\n  x = 1\n  y\n", "a(s3=\nx = 1\ny)", "4NotNested"),
        ("[a]\nk = \u{10ffe9}\n", "a(k=\u{10ffe9})", "2NotUtf8"),
    ] {
        let (sections, faults) = shown(text, Indented::Continues);
        assert_eq!(sections, expected, "{text:?}");
        assert_eq!(faults.first().map(String::as_str), Some(fault), "{text:?}");
    }
}

#[test]
fn indentation_is_ignored_for_tools_written_in_go() {
    let (sections, faults) = shown("[a]\nk = v\n  l = w\n\tword\n", Indented::IsPlain);
    assert_eq!(
        (sections.as_str(), &faults[..]),
        ("a(k=v,l=w)", &["4NotAKey".to_owned()][..])
    );
}

#[test]
fn profile_is_found_by_the_names_of_the_aws_tools() {
    let ini = read(
        "[default]\n[profile a]\nk=1\n[profile 'b c']\n[profile  \"a\"]\nk=2\n[d]\n[profile e f]\n",
    );
    for (name, line) in [
        ("default", Some(1)),
        ("a", Some(5)),
        ("b c", Some(4)),
        ("d", None),
        ("e", None),
    ] {
        assert_eq!(
            ini.profile(name).map(|section| section.line),
            line,
            "{name}"
        );
    }
}

#[test]
fn unreadable_report_names_lines_and_no_value() {
    let report = unreadable(
        &read("[a]\nk = canary\ncanary\n[a]\n"),
        Path::new("/x/config"),
    )
    .unwrap();
    let text = report.render();
    assert!(
        text.contains("stop at line 3") && text.contains("/x/config:4: this section"),
        "{text}"
    );
    assert!(!text.contains("canary"), "{text}");
    assert!(unreadable(&read("[a]\nk = v\n"), Path::new("/x")).is_none());
}

#[test]
fn long_file_is_read_in_linear_time() {
    let keys: String = (0..100_000).map(|at| format!("k{at} = v\n")).collect();
    let sections: String = (0..100_000).map(|at| format!("[s{at}]\n")).collect();
    let ini = read(&format!("{sections}{keys}"));
    assert_eq!((ini.sections.len(), ini.faults.len()), (100_000, 0));
}
