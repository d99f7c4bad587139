//! Untrusted text before a terminal: no control character passes, a line stays one line.

use ob::report::{ErrorCode, Report};
use ob::sanitize::{escape, escape_json, escape_lines};

use super::Harness;

pub(crate) const HARNESS: Harness = Harness {
    name: "shown",
    dictionary: &[
        "\u{1b}[31m",
        "\u{1b}[2J",
        "\u{1b}]52;c;Y2FuYXJ5\u{7}",
        "\u{1b}]8;;https://evil.example\u{1b}\\",
        "\u{9b}31m",
        "\u{9d}0;t\u{9c}",
        "\u{202e}",
        "\u{2066}",
        "\u{200b}",
        "\u{200d}",
        "\u{feff}",
        "\u{ad}",
        "\u{e0041}",
        "\u{2028}",
        "\r",
        "\n",
        "\t",
        "\u{8}",
        "\u{7f}",
        "\0",
        "\\u{1b}",
        "ob: ",
        "  hint: `rm -rf ~`",
        "生产",
        "ё",
        "e\u{301}",
        "\u{1f600}",
        "plain words",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "\"",
        "\\",
        " ",
    ],
    templates: &[("ob: ", "")],
    target,
};

fn target(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let once = escape(&text);
    assert!(once.chars().all(|c| !acts(c)), "{once:?}");
    // An escape has at most ten characters; at most 400 characters are kept.
    assert!(once.chars().count() <= 400 * 10 + 1);
    if text.chars().all(|c| c == ' ' || c.is_ascii_graphic()) && text.len() <= 400 {
        assert_eq!(once, text);
    }
    let lines = escape_lines(&text);
    assert_eq!(lines.split('\n').count(), text.split('\n').count());
    assert!(lines.chars().all(|c| c == '\n' || !acts(c)));

    let report = Report::new(ErrorCode::StsOther, &*text)
        .cause(&text)
        .hint(&*text);
    assert_eq!(report.render().lines().count(), 3);

    let value = serde_json::json!({ "text": text });
    let written = escape_json(&value.to_string());
    assert!(written.chars().all(|c| !acts(c)), "{written:?}");
    let read: serde_json::Value = serde_json::from_str(&written).expect("still JSON");
    assert_eq!(read, value);
}

/// Whether a terminal acts on `c`; a list of its own, not the one under test.
pub(crate) fn acts(c: char) -> bool {
    let number = u32::from(c);
    number < 0x20
        || (0x7f..=0x9f).contains(&number)
        || [0xad, 0x61c, 0x180e, 0xfeff, 0x2028, 0x2029].contains(&number)
        || (0x200b..=0x200f).contains(&number)
        || (0x202a..=0x202e).contains(&number)
        || (0x2060..=0x206f).contains(&number)
        || (0xfff9..=0xfffb).contains(&number)
        || (0xe0000..=0xe0fff).contains(&number)
}
