use std::borrow::Cow;

/// `text` with what a terminal would act on written out, so that a runbook cannot forge a line of ours.
///
/// Line ends stay: the caller says what they mean.
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(acts) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if acts(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// Control characters, and those that turn the direction of text.
fn acts(c: char) -> bool {
    (c.is_control() && c != '\n') || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_do_not_reach_the_terminal() {
        assert_eq!(printable("plain é\nb"), "plain é\nb");
        assert_eq!(printable("\u{1b}[2K\u{202e}x"), "\\u{1b}[2K\\u{202e}x");
    }
}
