//! The block structure of the Markdown, as CommonMark and GitHub see it.

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

use crate::source::Span;

/// A stretch of the file in which fence lines mean something else than in prose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    pub kind: RegionKind,
    /// Whole lines of the file.
    pub span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegionKind {
    /// A fence that stands in no other block.
    Fence,
    /// A fence in a list item, a block quote or a footnote.
    Nested,
    /// A code block by indentation.
    Indented,
    Html,
}

#[derive(Debug, Default)]
pub struct Outline {
    /// In order; a region does not hold another.
    pub regions: Vec<Region>,
    pub headings: Vec<(u8, String)>,
}

/// Reads the structure of `text[start..]`.
pub fn outline(text: &str, start: usize) -> Outline {
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_FOOTNOTES | Options::ENABLE_TASKLISTS | Options::ENABLE_GFM;
    let mut outline = Outline::default();
    let mut containers = 0usize;
    let mut heading: Option<(u8, String)> = None;
    for (event, range) in Parser::new_ext(&text[start..], options).into_offset_iter() {
        let kind = match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(_))) if containers == 0 => RegionKind::Fence,
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(_))) => RegionKind::Nested,
            Event::Start(Tag::CodeBlock(CodeBlockKind::Indented)) => RegionKind::Indented,
            Event::Start(Tag::HtmlBlock) => RegionKind::Html,
            Event::Start(Tag::BlockQuote(_) | Tag::Item | Tag::FootnoteDefinition(_)) => {
                containers += 1;
                continue;
            }
            Event::End(TagEnd::BlockQuote(_) | TagEnd::Item | TagEnd::FootnoteDefinition) => {
                containers = containers.saturating_sub(1);
                continue;
            }
            Event::Start(Tag::Heading { level, .. }) => {
                heading = Some((level as u8, String::new()));
                continue;
            }
            Event::End(TagEnd::Heading(_)) => {
                outline.headings.extend(heading.take());
                continue;
            }
            Event::Text(piece) | Event::Code(piece) => {
                if let Some((_, text)) = &mut heading {
                    text.push_str(&piece);
                }
                continue;
            }
            _ => continue,
        };
        let span = whole_lines(text, Span::new(start + range.start, start + range.end));
        outline.regions.push(Region { kind, span });
    }
    outline
}

fn whole_lines(text: &str, span: Span) -> Span {
    let start = text[..span.start].rfind('\n').map_or(0, |at| at + 1);
    let end = match text[..span.end].ends_with('\n') {
        true => span.end,
        false => text[span.end..].find('\n').map_or(text.len(), |at| span.end + at + 1),
    };
    Span::new(start, end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fences_are_told_apart_by_where_they_stand() {
        let text = "# A `b`\n\n```sql\nx\n```\n\n- ```sql\n  y\n  ```\n\n<!--\n```sql\n-->\n\n    ```sql\n";
        let outline = outline(text, 0);
        let seen: Vec<_> = outline
            .regions
            .iter()
            .map(|region| (region.kind, &text[region.span.start..region.span.end]))
            .collect();
        assert_eq!(
            seen,
            [
                (RegionKind::Fence, "```sql\nx\n```\n"),
                (RegionKind::Nested, "- ```sql\n  y\n  ```\n"),
                (RegionKind::Html, "<!--\n```sql\n-->\n"),
                (RegionKind::Indented, "    ```sql\n"),
            ]
        );
        assert_eq!(outline.headings, [(1, "A b".to_owned())]);
    }
}
