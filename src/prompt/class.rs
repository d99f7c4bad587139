//! The class of an environment (dev, stage, prod), guessed from the names of profile and account.

/// The class of an environment, for prompts (`OB_ENV`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    Dev,
    Stage,
    Prod,
}

impl Class {
    /// Returns the most dangerous class that one of `names` (a profile, an account) contains.
    pub fn of<'a>(names: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        names.into_iter().filter_map(class_of).max()
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Stage => "stage",
            Self::Prod => "prod",
        }
    }

    /// Returns the colour that is used if the settings name none.
    pub const fn color(self) -> &'static str {
        match self {
            Self::Dev => "green",
            Self::Stage => "yellow",
            Self::Prod => "red",
        }
    }
}

fn class_of(name: &str) -> Option<Class> {
    let name = name.to_lowercase();
    let words: Vec<&str> = name
        .split(|c: char| !c.is_alphabetic())
        .filter(|word| !word.is_empty())
        .collect();
    let of_word = |at: usize| match words[at] {
        // `non-prod` and `pre-prod` are no production.
        "prod" | "production" if at > 0 && matches!(words[at - 1], "non" | "not" | "pre") => {
            Some(Class::Stage)
        }
        "prod" | "production" | "prd" | "live" => Some(Class::Prod),
        "stage" | "staging" | "stg" | "preprod" | "nonprod" | "uat" => Some(Class::Stage),
        "dev" | "devel" | "development" | "sandbox" | "test" | "qa" | "labs" => Some(Class::Dev),
        _ => None,
    };
    (0..words.len()).filter_map(of_word).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn most_dangerous_name_wins() {
        for (names, expected) in [
            (vec!["prod"], Some(Class::Prod)),
            (vec!["acme-PROD-eu", "dev"], Some(Class::Prod)),
            (vec!["prod1"], Some(Class::Prod)),
            (vec!["non-prod"], Some(Class::Stage)),
            (vec!["preprod", "sandbox"], Some(Class::Stage)),
            (vec!["dev"], Some(Class::Dev)),
            (vec!["products", "devices", "delivery"], None),
            (vec!["", "123456789012"], None),
        ] {
            assert_eq!(Class::of(names.iter().copied()), expected, "{names:?}");
        }
    }
}
