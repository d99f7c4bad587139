//! The list of roles, in columns that stand below each other.

use crate::sanitize::escape;
use crate::terminal::width;
use crate::wire::RoleEntry;

/// What a column is called, and what stands in it.
type Column = (&'static str, fn(&RoleEntry) -> &str);

const COLUMNS: [Column; 4] = [
    ("ACCOUNT", |role| {
        role.account_name.as_deref().unwrap_or_default()
    }),
    ("LABEL", |role| role.label.as_deref().unwrap_or_default()),
    ("ROLE", |role| &role.role),
    ("APP", |role| &role.app),
];

/// One line a role; a column in which nothing stands, or an app that needs no telling, is left out. A person gets a
/// line more that says what the columns are.
pub(super) fn table(roles: &[RoleEntry], for_a_person: bool) -> String {
    let several_apps = roles.iter().any(|role| role.app != roles[0].app);
    let columns = COLUMNS.into_iter().filter(|(name, cell)| match *name {
        "APP" => {
            several_apps
                && roles
                    .iter()
                    .any(|role| role.account_name.as_ref() != Some(&role.app))
        }
        _ => roles.iter().any(|role| !cell(role).is_empty()),
    });
    let columns: Vec<Column> = columns.collect();
    let cells = |role: &RoleEntry| -> Vec<String> {
        columns.iter().map(|(_, cell)| escape(cell(role))).collect()
    };
    let head = columns.iter().map(|(name, _)| (*name).to_owned()).collect();
    let head: Option<Vec<String>> = for_a_person.then_some(head);
    let lines: Vec<Vec<String>> = head.into_iter().chain(roles.iter().map(cells)).collect();
    let widths: Vec<usize> = (0..columns.len())
        .map(|at| lines.iter().map(|line| width(&line[at])).max().unwrap_or(0))
        .collect();
    let mut text = String::new();
    for line in lines {
        let mut row = String::new();
        for (cell, widest) in line.iter().zip(&widths) {
            row += cell;
            row += &" ".repeat(widest.saturating_sub(width(cell)) + 2);
        }
        text += row.trim_end();
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(account: Option<&str>, label: Option<&str>, role: &str, app: &str) -> RoleEntry {
        RoleEntry {
            role: format!("arn:aws:iam::123456789012:role/{role}"),
            provider: "arn:aws:iam::123456789012:saml-provider/okta".into(),
            account_name: account.map(Into::into),
            label: label.map(Into::into),
            app: app.into(),
            alias: None,
            used: None,
        }
    }

    #[test]
    fn columns_stand_below_each_other_and_a_person_is_told_what_they_are() {
        let roles = [
            entry(Some("prod"), None, "Deploy", "AWS"),
            entry(
                None,
                Some("Looking\u{1b}[31m around"),
                "ReadOnly",
                "AWS Labs",
            ),
            entry(Some("données"), Some("日本"), "A", "AWS Labs"),
        ];
        let told = table(&roles, true);
        insta::assert_snapshot!(told, @r"
        ACCOUNT  LABEL                     ROLE                                     APP
        prod                               arn:aws:iam::123456789012:role/Deploy    AWS
                 Looking\u{1b}[31m around  arn:aws:iam::123456789012:role/ReadOnly  AWS Labs
        données  日本                      arn:aws:iam::123456789012:role/A         AWS Labs
        ");
        let (_, without) = told.split_once('\n').unwrap();
        assert_eq!(without, table(&roles, false));
    }

    #[test]
    fn a_column_in_which_nothing_stands_is_left_out() {
        let roles = [entry(None, None, "A", "AWS"), entry(None, None, "B", "AWS")];
        insta::assert_snapshot!(table(&roles, true), @r"
        ROLE
        arn:aws:iam::123456789012:role/A
        arn:aws:iam::123456789012:role/B
        ");
        // An app that is an account's needs no telling.
        let roles = [
            entry(Some("one"), None, "A", "one"),
            entry(Some("two"), None, "B", "two"),
        ];
        insta::assert_snapshot!(table(&roles, false), @r"
        one  arn:aws:iam::123456789012:role/A
        two  arn:aws:iam::123456789012:role/B
        ");
        assert_eq!(table(&[], false), "");
    }
}
