//! The list of roles as a table.

use crate::sanitize::escape;
use crate::terminal;
use crate::wire::RoleEntry;

/// A column's head, and its cell for a role.
type Column = (&'static str, fn(&RoleEntry) -> &str);

const COLUMNS: [Column; 4] = [
    ("ACCOUNT", |role| {
        role.account_name.as_deref().unwrap_or_default()
    }),
    ("LABEL", |role| role.label.as_deref().unwrap_or_default()),
    ("ROLE", |role| &role.role),
    ("APP", |role| &role.app),
];

/// Formats one line a role, without empty columns and without the apps if these name the accounts.
/// `has_head` adds the line of the columns' names, bold `in_color`.
pub(super) fn table(roles: &[RoleEntry], has_head: bool, in_color: bool) -> String {
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
    let head: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    let cells = |role: &RoleEntry| columns.iter().map(|(_, cell)| escape(cell(role))).collect();
    let rows: Vec<Vec<String>> = roles.iter().map(cells).collect();
    terminal::table(has_head.then_some(&head[..]), &rows, in_color)
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
    fn columns_are_aligned_and_have_a_head() {
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
        let with_head = table(&roles, true, false);
        insta::assert_snapshot!(with_head, @r"
        ACCOUNT  LABEL                     ROLE                                     APP
        prod                               arn:aws:iam::123456789012:role/Deploy    AWS
                 Looking\u{1b}[31m around  arn:aws:iam::123456789012:role/ReadOnly  AWS Labs
        données  日本                      arn:aws:iam::123456789012:role/A         AWS Labs
        ");
        let (_, without) = with_head.split_once('\n').unwrap();
        assert_eq!(without, table(&roles, false, false));
    }

    #[test]
    fn empty_columns_are_left_out() {
        let roles = [entry(None, None, "A", "AWS"), entry(None, None, "B", "AWS")];
        insta::assert_snapshot!(table(&roles, true, false), @r"
        ROLE
        arn:aws:iam::123456789012:role/A
        arn:aws:iam::123456789012:role/B
        ");
        // The apps are the accounts' names.
        let roles = [
            entry(Some("one"), None, "A", "one"),
            entry(Some("two"), None, "B", "two"),
        ];
        insta::assert_snapshot!(table(&roles, false, false), @r"
        one  arn:aws:iam::123456789012:role/A
        two  arn:aws:iam::123456789012:role/B
        ");
        assert_eq!(table(&[], false, false), "");
    }
}
