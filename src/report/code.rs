//! The table of named errors: stable name and exit code of each.

#[macro_use]
mod aws;
#[macro_use]
mod local;
#[macro_use]
mod okta;
#[macro_use]
mod vpn;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Exit;

macro_rules! error_codes {
    (; $($variant:ident = $name:literal, $exit:ident;)*) => {
        /// A named error. Scripts rely on its name, so a name never changes.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum ErrorCode {
            $(#[doc = concat!("`", $name, "`")] $variant,)*
            /// A name from an agent of another version.
            Other(Box<str>),
        }

        impl ErrorCode {
            /// Every code of this version.
            #[cfg(test)]
            const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Returns the stable name, `area.what` (`saml.xml.doctype`).
            pub fn name(&self) -> &str {
                match self {
                    $(Self::$variant => $name,)*
                    Self::Other(name) => name,
                }
            }

            /// Returns the exit code of a report that sets no other.
            pub const fn exit(&self) -> Exit {
                match self {
                    $(Self::$variant => Exit::$exit,)*
                    Self::Other(_) => Exit::Failed,
                }
            }

            fn from_name(name: Box<str>) -> Self {
                match &*name {
                    $($name => Self::$variant,)*
                    _ => Self::Other(name),
                }
            }
        }
    };
}

// Each table passes its rows on to the next.
okta_codes! { aws_codes vpn_codes local_codes error_codes; }

impl Serialize for ErrorCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for ErrorCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::deserialize(deserializer).map(Self::from_name)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique_and_well_formed() {
        let names: BTreeSet<&str> = ErrorCode::ALL.iter().map(ErrorCode::name).collect();
        assert_eq!(names.len(), ErrorCode::ALL.len());
        for name in names {
            let is_word = |word: &str| {
                !word.is_empty()
                    && word
                        .chars()
                        .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-".contains(c))
            };
            assert!(name.contains('.') && name.split('.').all(is_word), "{name}");
        }
    }

    #[test]
    fn a_name_on_the_wire_becomes_its_code_again() {
        for code in ErrorCode::ALL {
            let json = serde_json::to_string(code).unwrap();
            assert_eq!(json, format!("\"{}\"", code.name()));
            assert_eq!(&serde_json::from_str::<ErrorCode>(&json).unwrap(), code);
        }
    }

    #[test]
    fn an_unknown_name_is_kept() {
        let code: ErrorCode = serde_json::from_str("\"okta.next_year\"").unwrap();
        assert_eq!(code, ErrorCode::Other("okta.next_year".into()));
        assert_eq!(serde_json::to_string(&code).unwrap(), "\"okta.next_year\"");
    }
}
