//! What each reader of foreign bytes must hold for any bytes, as one function a topic: it panics where something
//! does not hold. The fuzzer calls it with what it invents, the property tests with soups of the topic's words, and
//! both with the corpus, so that all of them hold the same.

pub(crate) mod frame;
pub(crate) mod ini;
pub(crate) mod page;
pub(crate) mod profile;
pub(crate) mod redirect;
pub(crate) mod saml;
pub(crate) mod set_cookie;
pub(crate) mod settings;
pub(crate) mod shown;
pub(crate) mod sts;
pub(crate) mod sts_xml;

/// A topic as a value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Topic {
    pub(crate) name: &'static str,
    /// What its input is made of; what stands between them the caller invents.
    pub(crate) words: &'static [&'static str],
    /// Sound beginnings and ends, so that what is between them is judged by the deepest check there is.
    pub(crate) around: &'static [(&'static str, &'static str)],
    pub(crate) target: fn(&[u8]),
}

/// Every topic.
pub(crate) const ALL: [Topic; 11] = [
    frame::TOPIC,
    ini::TOPIC,
    page::TOPIC,
    profile::TOPIC,
    redirect::TOPIC,
    saml::TOPIC,
    set_cookie::TOPIC,
    settings::TOPIC,
    shown::TOPIC,
    sts::TOPIC,
    sts_xml::TOPIC,
];
