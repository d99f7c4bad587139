//! Namespace prefixes in scope: a prefix may be bound again further down.

use std::rc::Rc;

use super::xml_error::XmlError;

const XML: &str = "http://www.w3.org/XML/1998/namespace";

/// The bindings in scope, innermost last.
#[derive(Default)]
pub(super) struct Namespaces(Vec<Binding>);

struct Binding {
    depth: usize,
    /// Empty for the default namespace.
    prefix: String,
    /// `None` after `xmlns=""`.
    namespace: Option<Rc<str>>,
}

impl Namespaces {
    /// Binds a prefix in the element at `depth`.
    pub(super) fn bind(
        &mut self,
        depth: usize,
        prefix: &str,
        namespace: &str,
    ) -> Result<(), XmlError> {
        let is_reserved = matches!(prefix, "xml" | "xmlns");
        if is_reserved || (!prefix.is_empty() && namespace.is_empty()) {
            return Err(XmlError::Prefix);
        }
        self.0.push(Binding {
            depth,
            prefix: prefix.to_owned(),
            namespace: (!namespace.is_empty()).then(|| namespace.into()),
        });
        Ok(())
    }

    /// Drops the bindings of elements below `depth`.
    pub(super) fn leave(&mut self, depth: usize) {
        self.0.retain(|binding| binding.depth <= depth);
    }

    /// Returns the namespace of an element's prefix.
    pub(super) fn resolve(&self, prefix: &str) -> Result<Option<Rc<str>>, XmlError> {
        let mut bindings = self.0.iter().rev();
        match (bindings.find(|known| known.prefix == prefix), prefix) {
            (Some(binding), _) => Ok(binding.namespace.clone()),
            (None, "") => Ok(None),
            (None, "xml") => Ok(Some(XML.into())),
            (None, _) => Err(XmlError::Prefix),
        }
    }
}
