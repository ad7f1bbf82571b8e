use annotate_snippets::{AnnotationKind, Group, Level as Title, Renderer, Snippet};

use super::printable::printable;
use crate::diagnostics::{Diagnostic, Level};

/// Findings with the lines of the file that they are about, for people; an empty line between two.
pub fn full(diagnostics: &[Diagnostic], colour: bool) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let mut out = String::new();
    for (index, diagnostic) in diagnostics.iter().enumerate() {
        if index > 0 {
            out.push('\n');
        }
        out += &render(diagnostic, &renderer);
        out.push('\n');
    }
    out
}

fn render(diagnostic: &Diagnostic, renderer: &Renderer) -> String {
    let level = match diagnostic.level {
        Level::Error => Title::ERROR,
        Level::Warning => Title::WARNING,
        Level::Note => Title::NOTE,
    };
    let (message, name) = (printable(&diagnostic.message), printable(diagnostic.source.name()));
    let label = diagnostic.label.as_deref().map(printable);
    let note = diagnostic.note.as_deref().map(printable);
    let help = diagnostic.help.as_deref().map(printable);
    let fix = diagnostic.fix.as_ref().map(|fix| format!("`--fix` can {}", fix.title));
    let fix = fix.as_deref().map(printable);
    let mut annotation = AnnotationKind::Primary.span(diagnostic.span.start..diagnostic.span.end);
    if let Some(label) = &label {
        annotation = annotation.label(label.as_ref());
    }
    let snippet = Snippet::source(diagnostic.source.text()).path(name.as_ref()).annotation(annotation);
    let mut group = level.primary_title(message.as_ref()).id(diagnostic.rule).element(snippet);
    if let Some(note) = &note {
        group = group.element(Title::NOTE.message(note.as_ref()));
    }
    if let Some(fix) = &fix {
        group = group.element(Title::NOTE.with_name("fix").message(fix.as_ref()));
    }
    let mut report = vec![group];
    if let Some(help) = &help {
        report.push(Group::with_title(Title::HELP.secondary_title(help.as_ref())));
    }
    renderer.render(&report)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Source, Span};

    #[test]
    fn the_place_the_label_the_note_and_the_help_are_shown() {
        let source = Source::new("runbooks/a.md", "---\n```sql {id=é id=b}\n```\n");
        let at = source.text().find("id=b").unwrap();
        let finding =
            Diagnostic::error("duplicate-key", &source, Span::new(at, at + 2), "key `id` is given twice")
                .label("the second one")
                .note("the first one counts nowhere")
                .help("remove one of the two");
        assert_eq!(
            full(&[finding.clone(), finding], false),
            "\
error[duplicate-key]: key `id` is given twice
 --> runbooks/a.md:2:14
  |
2 | ```sql {id=é id=b}
  |              ^^ the second one
  |
  = note: the first one counts nowhere
help: remove one of the two

error[duplicate-key]: key `id` is given twice
 --> runbooks/a.md:2:14
  |
2 | ```sql {id=é id=b}
  |              ^^ the second one
  |
  = note: the first one counts nowhere
help: remove one of the two
"
        );
    }

    #[test]
    fn colour_is_a_choice_and_never_the_runbook_s() {
        let source = Source::new("a.md", "a\u{1b}[31m\n");
        let finding = Diagnostic::warning("x", &source, Span::new(0, 2), "m\u{1b}[31m").help("h\u{1b}[31m");
        assert!(!full(std::slice::from_ref(&finding), false).contains('\u{1b}'));
        assert!(full(&[finding], true).contains('\u{1b}'));
    }

    #[test]
    fn every_place_in_a_file_can_be_shown() {
        for text in ["", "\n", "a", "é\n\nb\r\nc\0", "a\n"] {
            let source = Source::new("a.md", text);
            let bounds: Vec<usize> = (0..=text.len()).filter(|at| text.is_char_boundary(*at)).collect();
            for start in &bounds {
                for end in bounds.iter().filter(|end| *end >= start) {
                    let finding = Diagnostic::error("x", &source, Span::new(*start, *end), "m").label("l");
                    assert!(full(&[finding], false).starts_with("error[x]: m\n"));
                }
            }
        }
    }
}
