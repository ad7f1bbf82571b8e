use crate::source::Span;

/// A change of the file that takes a finding away, and needs nobody's judgement: it loses nothing that
/// the author wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What the change does, as an instruction (`add `.destructive``).
    pub title: String,
    /// In the order of the file; no two touch the same byte.
    edits: Vec<Edit>,
}

/// A range of the file and what stands there instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    pub span: Span,
    pub text: String,
}

impl Fix {
    /// A change without an edit yet.
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), edits: Vec::new() }
    }

    /// Puts `text` in the place of `span`.
    pub fn replace(title: impl Into<String>, span: Span, text: impl Into<String>) -> Self {
        Self::new(title).and(span, text)
    }

    /// Puts `text` at the byte `at`.
    pub fn insert(title: impl Into<String>, at: usize, text: impl Into<String>) -> Self {
        Self::replace(title, Span::new(at, at), text)
    }

    /// Takes `span` out.
    pub fn delete(title: impl Into<String>, span: Span) -> Self {
        Self::replace(title, span, "")
    }

    /// With one more edit. Two at the same place stay in the order in which they were given.
    pub fn and(mut self, span: Span, text: impl Into<String>) -> Self {
        let at = self.edits.partition_point(|edit| edit.span.start <= span.start);
        self.edits.insert(at, Edit { span, text: text.into() });
        debug_assert!(self.edits.windows(2).all(|pair| pair[0].span.end <= pair[1].span.start));
        self
    }

    pub fn edits(&self) -> &[Edit] {
        &self.edits
    }

    /// The text with the change made.
    pub fn apply(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len() + 64);
        let mut at = 0;
        for edit in &self.edits {
            out.push_str(&text[at..edit.span.start]);
            out.push_str(&edit.text);
            at = edit.span.end;
        }
        out + &text[at..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_made_in_the_order_of_the_file_and_touch_nothing_else() {
        let fix = Fix::replace("t", Span::new(4, 5), "E")
            .and(Span::new(0, 1), "")
            .and(Span::new(2, 2), "x")
            .and(Span::new(2, 2), "y");
        assert_eq!(fix.apply("abcdef"), "bxycdEf");
        assert_eq!(Fix::insert("t", 3, "é").apply("abc"), "abcé");
    }
}
