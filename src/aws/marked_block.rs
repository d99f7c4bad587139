//! The parts of `~/.aws/config` that `ob` writes, each between two marking lines. Nothing outside
//! of the marks is changed.

use std::ops::Range;

use super::ini_edit::{IniError, IniText};

/// The two lines around a part.
pub(super) struct Marks {
    /// The prefix of the first line. The words after it may differ between versions.
    pub(super) prefix: &'static str,
    pub(super) begin: &'static str,
    pub(super) end: &'static str,
}

/// The marks of the profiles that `ob config aws` writes.
pub(super) const PROFILES: Marks = Marks {
    prefix: "# >>> ob:",
    begin: "# >>> ob: written by `ob config aws`, taken out by `ob config aws --remove`",
    end: "# <<< ob",
};
/// The marks of the role links that `ob write --link` writes.
pub(super) const LINKS: Marks = Marks {
    prefix: "# >>> ob link:",
    begin: "# >>> ob link: written by `ob write --link`, taken out by `ob write --clean`",
    end: "# <<< ob link",
};

impl Marks {
    /// Returns the lines of the part, with its marks.
    ///
    /// # Errors
    /// [`IniError`] if the marks are not one pair, or keys without a section follow them.
    pub(super) fn find(&self, ini: &IniText) -> Result<Option<Range<usize>>, IniError> {
        let bare = self.prefix.trim_end_matches(':');
        let lines = |is_mark: &dyn Fn(&str) -> bool| -> Vec<usize> {
            let lines = 0..ini.len();
            lines
                .filter(|at| is_mark(ini.line(*at).trim_end()))
                .collect()
        };
        let begins = lines(&|line| line.starts_with(self.prefix) || line == bare);
        let ends = lines(&|line| line.trim_start() == self.end);
        let (begin, end) = match (begins.as_slice(), ends.as_slice()) {
            ([], []) => return Ok(None),
            ([begin], [end]) if begin < end => (*begin, *end),
            (begins, ends) => {
                let at = begins.last().max(ends.last()).copied().unwrap_or_default();
                return Err(IniError::Markers(at + 1));
            }
        };
        let next = (end + 1..ini.len()).find(|at| !ini.is_comment(*at));
        match next {
            Some(at) if ini.header(at).is_none() => Err(IniError::Stranded(at + 1)),
            _ => Ok(Some(begin..end + 1)),
        }
    }

    /// Returns the file with `lines` as this part, in its old place or at the end.
    ///
    /// # Errors
    /// [`IniError`] as for [`Self::find`], or if one of the profiles `names` exists outside of the
    /// part.
    pub(super) fn write<'a>(
        &self,
        mut ini: IniText,
        names: impl Iterator<Item = &'a str>,
        lines: Vec<String>,
    ) -> Result<String, IniError> {
        let range = self.find(&ini)?;
        let mut rest = ini.clone();
        if let Some(range) = &range {
            rest.remove(range.clone());
        }
        for name in names {
            let section = format!("profile {name}");
            if rest.section(&section)?.is_some() {
                return Err(IniError::Foreign(section));
            }
        }
        let mut block = vec![self.begin.to_owned()];
        block.extend(lines);
        block.push(self.end.to_owned());
        match range {
            Some(range) => ini.replace(range, &block),
            None => ini.append(&block),
        }
        Ok(ini.to_string())
    }

    /// Returns `text` without this part, and the names of the profiles that were in it.
    ///
    /// # Errors
    /// As for [`Self::find`].
    pub(super) fn remove(&self, text: &str) -> Result<(String, Vec<String>), IniError> {
        let mut ini = IniText::parse(text);
        let mut names = Vec::new();
        if let Some(range) = self.find(&ini)? {
            names.extend(range.clone().filter_map(|at| {
                let name = ini.header(at)?.strip_prefix("profile ")?;
                Some(name.trim().to_owned())
            }));
            ini.remove(range);
        }
        Ok((ini.to_string(), names))
    }
}
