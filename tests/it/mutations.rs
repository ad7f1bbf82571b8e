//! Damaged runbooks: no panic, no byte lost, no span that is not in the file.

use rollbook::document::parse;
use rollbook::source::Source;

use crate::case_file;
use crate::support::Random;

fn check(text: &str) {
    let source = Source::new("damaged.md", text);
    let parsed = parse(&source);
    assert_eq!(parsed.document.print(), text);
    let document = &parsed.document;
    let spans = parsed.diagnostics.iter().map(|diagnostic| diagnostic.span);
    let cells = document.cells.iter().flat_map(|cell| [cell.fence, cell.info, cell.body]);
    for span in spans.chain(cells).chain([document.front.span]) {
        let inside = span.start <= span.end && span.end <= text.len();
        assert!(inside, "{span:?} of {} bytes", text.len());
        assert!(text.is_char_boundary(span.start) && text.is_char_boundary(span.end), "{span:?}\n{text}");
    }
    for cell in &document.cells {
        assert!(source.slice(cell.fence).starts_with("```"), "{:?}\n{text}", cell.id);
        let last = source.slice(cell.fence).lines().last().unwrap().trim();
        assert!(last.len() >= 3 && last.bytes().all(|byte| byte == b'`'), "{:?}\n{text}", cell.id);
        assert!(!source.slice(cell.body).lines().any(|line| line.trim() == last), "{:?}\n{text}", cell.id);
        assert!(source.slice(cell.info).starts_with("sql ") && source.slice(cell.info).ends_with('}'));
    }
}

#[test]
fn damaged_runbooks_are_read_without_loss() {
    const PIECES: [&str; 30] = [
        "`", "```", "````", "~~~", "{", "}", "\n", "---\n", "--| ", "é", "\u{202e}", "\r\n", "\t", "> ",
        "- ", "    ", "<!--", "-->", "=", "\"", "\\", "&amp;", ",", "{{", "*a", "&a ", "|", "😀", ": ", "\0",
    ];
    let mut random = Random::new(0x9e37_79b9_7f4a_7c15);
    for file in case_file::files("parse") {
        for case in case_file::read(&file) {
            check(&case.input);
            for _ in 0..60 {
                let mut text = case.input.clone();
                for _ in 0..=random.below(3) {
                    let bounds: Vec<usize> =
                        (0..=text.len()).filter(|at| text.is_char_boundary(*at)).collect();
                    let (a, b) = (bounds[random.below(bounds.len())], bounds[random.below(bounds.len())]);
                    let (start, end) = (a.min(b), a.max(b));
                    match random.below(4) {
                        0 => {
                            let few = bounds.iter().filter(|at| **at >= start).nth(1 + random.below(8));
                            text.replace_range(start..few.copied().unwrap_or(end), "");
                        }
                        1 => {
                            let copy = text[start..end].to_owned();
                            text.insert_str(a, &copy);
                        }
                        2 => text.truncate(end),
                        _ => text.insert_str(a, PIECES[random.below(PIECES.len())]),
                    }
                }
                check(&text);
            }
        }
    }
}

#[test]
fn odd_files_are_read_without_loss() {
    for text in [
        "",
        "\n",
        "---",
        "---\n",
        "---\n---",
        "```",
        "\u{feff}",
        "é",
        "---\n---\n```sql {",
        "~~~\n",
        "- > ```sql {\n",
    ] {
        check(text);
    }
    check(&"```sql {id=a}\n".repeat(200));
    check(&"> ".repeat(500));
    check(&format!("---\na: {}\n---\n", "[".repeat(5000)));
}
