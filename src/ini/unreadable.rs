//! The report of an AWS file that the AWS tools cannot read.

use std::path::Path;

use super::document::Ini;
use super::fault::FaultKind;
use crate::report::{ErrorCode, Report};

/// Most faults of one file that are listed; the others are counted.
const MAX_LISTED: usize = 4;

/// Reports that the aws CLI and boto3 cannot read the file at `path`. Returns `None` when they can.
pub fn unreadable(ini: &Ini, path: &Path) -> Option<Report> {
    let first = ini.faults.first()?;
    let place = path.display();
    let report = Report::new(
        ErrorCode::AwsFileUnreadable,
        format!(
            "the aws CLI and boto3 cannot read {place}: they stop at line {}",
            first.line
        ),
    );
    let shown = ini.faults.iter().take(MAX_LISTED);
    let mut report = shown.fold(report, |report, fault| {
        report.cause(format!("{place}:{}: {}", fault.line, fault.kind))
    });
    if let Some(more) = ini
        .faults
        .len()
        .checked_sub(MAX_LISTED)
        .filter(|more| *more > 0)
    {
        report = report.cause(format!("and {more} more lines like these"));
    }
    let hint = match first.kind {
        FaultKind::ByteOrderMark => {
            format!("`sed -i '1s/^\\xEF\\xBB\\xBF//' {place}` takes it out")
        }
        FaultKind::NotUtf8 => format!(
            "`iconv -f latin1 -t utf-8 {place}` prints it as the tools read it, if it is Latin-1"
        ),
        _ => format!("mend line {} of {place}, then try again", first.line),
    };
    Some(report.hint(hint))
}
