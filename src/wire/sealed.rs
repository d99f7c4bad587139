//! The only serialisation of a secret: between client and agent, on a socket of the same user.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::secret::Secret;

/// A secret in a message.
#[derive(Debug)]
pub struct Sealed(pub Secret);

impl Serialize for Sealed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.expose())
    }
}

impl<'de> Deserialize<'de> for Sealed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(Secret::new(text)))
    }
}
