//! Tables: aligned columns with a head.

use super::text::width;

/// Formats one line a row. Columns that are empty in every row are left out; the line of the
/// columns' names is bold `in_color`.
pub fn table(head: Option<&[&str]>, rows: &[Vec<String>], in_color: bool) -> String {
    let count = rows.first().map_or(0, Vec::len);
    let used: Vec<usize> = (0..count)
        .filter(|column| rows.iter().any(|row| !row[*column].trim().is_empty()))
        .collect();
    let head = head.filter(|_| !rows.is_empty());
    let widest = |column: &usize| {
        let cells = rows.iter().map(|row| width(&row[*column]));
        let name = head.map_or(0, |head| width(head[*column]));
        cells.max().unwrap_or(0).max(name)
    };
    let widths: Vec<usize> = used.iter().map(widest).collect();
    let line = |cell: &dyn Fn(usize) -> String| {
        let mut line = String::new();
        for (column, widest) in used.iter().zip(&widths) {
            let cell = cell(*column);
            line += &cell;
            line += &" ".repeat(widest.saturating_sub(width(&cell)) + 2);
        }
        line.trim_end().to_owned()
    };
    let mut text = String::new();
    if let Some(head) = head {
        let names = line(&|column| head[column].to_owned());
        text += &match in_color {
            true => format!("\x1b[1m{names}\x1b[0m\n"),
            false => format!("{names}\n"),
        };
    }
    for row in rows {
        text += &line(&|column| row[column].clone());
        text.push('\n');
    }
    text
}
