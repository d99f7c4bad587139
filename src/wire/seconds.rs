//! Durations on the wire: whole seconds.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::model::whole_seconds;

pub(super) fn serialize<S: Serializer>(
    duration: &Duration,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    whole_seconds(*duration).serialize(serializer)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Duration, D::Error> {
    let seconds = u32::deserialize(deserializer)?;
    Ok(Duration::from_secs(seconds.into()))
}

/// The same for a duration that may be absent.
pub(super) mod option {
    use super::{Deserialize, Deserializer, Duration, Serialize, Serializer, whole_seconds};

    pub(in crate::wire) fn serialize<S: Serializer>(
        duration: &Option<Duration>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        duration.map(whole_seconds).serialize(serializer)
    }

    pub(in crate::wire) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Duration>, D::Error> {
        let seconds = Option::<u32>::deserialize(deserializer)?;
        Ok(seconds.map(|seconds| Duration::from_secs(seconds.into())))
    }
}
