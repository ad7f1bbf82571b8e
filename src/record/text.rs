//! Text from anywhere, made safe for a Markdown page on GitHub.
//!
//! Whatever the text holds, it stays within its span, its table cell or its fence, and characters
//! that show nothing, or turn the text around them, are written out.

use std::borrow::Cow;

/// The longest value on one line, in characters.
const LONGEST: usize = 200;

/// One line, with what cannot be seen written out.
pub(super) fn line(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut line, c| {
        if is_hidden(c) {
            line.extend(c.escape_default())
        } else {
            line.push(c)
        }
        line
    })
}

/// Several lines: tabs and line feeds stay, what else cannot be seen is written out.
pub(super) fn block(text: &str) -> String {
    let kept = |c: char| c == '\n' || c == '\t';
    text.replace("\r\n", "\n").chars().fold(String::with_capacity(text.len()), |mut block, c| {
        if is_hidden(c) && !kept(c) {
            block.extend(c.escape_default())
        } else {
            block.push(c)
        }
        block
    })
}

/// Controls, and the format characters that hide text or reorder it.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// At most 200 characters, then `…`.
pub(super) fn cut(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
        None => Cow::Borrowed(text),
    }
}

/// A sentence on one line, also in a table. Pairs of backticks in it stay code; nothing else is markup.
pub(super) fn prose(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    let paired = parts.len() % 2 == 1 && !text.contains("``");
    if !paired {
        return entities(&line(text));
    }
    let mut shown = String::with_capacity(text.len());
    for (index, part) in parts.into_iter().enumerate() {
        shown.push_str(&if index % 2 == 1 { code(part) } else { entities(&line(part)) });
    }
    shown
}

/// A value on one line, also in a table.
pub(super) fn code(text: &str) -> String {
    let text = line(text);
    // A span cannot hold these everywhere: inside a table `|` ends the cell even in a code span.
    let awkward = text.is_empty() || text.contains(['`', '|']) || text.trim() != text;
    if awkward { format!("<code>{}</code>", entities(&text)) } else { format!("`{text}`") }
}

/// As `code`, and no longer than 200 characters.
pub(super) fn short_code(text: &str) -> String {
    code(&cut(text))
}

/// Without markup: no character of it does anything.
fn entities(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut before = ' ';
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let inside = before.is_alphanumeric() && chars.peek().is_some_and(|next| next.is_alphanumeric());
        match c {
            '<' => shown.push_str("&lt;"),
            '>' => shown.push_str("&gt;"),
            '&' => shown.push_str("&amp;"),
            // Snake case stays legible: no emphasis begins inside a word.
            '_' if inside => shown.push('_'),
            '|' | '`' | '*' | '_' | '[' | ']' | '~' | '$' | '\\' | '#' => {
                shown.push_str(&format!("&#{};", u32::from(c)));
            }
            _ => shown.push(c),
        }
        before = c;
    }
    shown
}

/// A fence longer than any run of backticks inside.
pub(super) fn fence(language: &str, text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let ticks = "`".repeat(3.max(longest + 1));
    let text = text.trim_end_matches('\n');
    let end = if text.is_empty() { "" } else { "\n" };
    format!("{ticks}{language}\n{text}{end}{ticks}\n")
}

/// A row of a Markdown table. The cells are safe already.
pub(super) fn row<I: IntoIterator<Item = S>, S: AsRef<str>>(cells: I) -> String {
    let mut row = String::from("|");
    for cell in cells {
        row.push(' ');
        row.push_str(cell.as_ref());
        row.push_str(" |");
    }
    row.push('\n');
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_is_markup() {
        assert_eq!(
            prose("a <b> | *c* __d__ e_f\ng"),
            r"a &lt;b&gt; &#124; &#42;c&#42; &#95;&#95;d&#95;&#95; e_f&#92;ng"
        );
        assert_eq!(prose("step `a|b` is done"), "step <code>a&#124;b</code> is done");
        assert_eq!(prose("step `a` is done"), "step `a` is done");
        assert_eq!(prose("one ` only"), "one &#96; only");
        assert_eq!(code("x_y"), "`x_y`");
        assert_eq!(code("a`b</code>"), "<code>a&#96;b&lt;/code&gt;</code>");
        assert_eq!(code(""), "<code></code>");
        assert_eq!(line("a\u{202e}b\u{1b}[0m\t"), r"a\u{202e}b\u{1b}[0m\t");
        assert_eq!(block("a\r\nb\tc\r"), "a\nb\tc\\r");
    }

    #[test]
    fn a_fence_is_longer_than_what_it_holds() {
        assert_eq!(fence("sql", "SELECT 1;\n"), "```sql\nSELECT 1;\n```\n");
        assert_eq!(fence("text", "a ````` b"), "``````text\na ````` b\n``````\n");
        assert_eq!(fence("text", ""), "```text\n```\n");
    }

    #[test]
    fn a_long_value_is_cut_between_characters() {
        assert_eq!(cut(&"ä".repeat(200)), "ä".repeat(200));
        assert_eq!(cut(&"ä".repeat(201)), format!("{}…", "ä".repeat(200)));
    }
}
