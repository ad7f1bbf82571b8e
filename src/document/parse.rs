use std::sync::Arc;

use super::cell::{Draft, Place, read_cell, sketch};
use super::encoding::check_encoding;
use super::expectation::{Expectation, read_table};
use super::fence::{FenceLine, Purpose, after_run, closes, fence_line, purpose};
use super::findings::Findings;
use super::header::{Header, read_header};
use super::info_string::{CELL_KEYS, TABLE_KEYS, read_info};
use super::outline::{Region, RegionKind, outline};
use super::pairing::pair;
use super::{Block, BlockKind, Document};
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::source::{Source, Span};

/// A document, and everything that is wrong with it.
#[derive(Clone, Debug)]
pub struct Parsed {
    pub document: Document,
    /// In the order of the file.
    pub diagnostics: Diagnostics,
}

/// Reads a runbook. A document with an error among its diagnostics must not be planned.
pub fn parse(source: &Arc<Source>) -> Parsed {
    let mut findings = Findings::new(source);
    let mut document = Document {
        source: Arc::clone(source),
        front: super::FrontMatter::default(),
        cells: Vec::new(),
        headings: Vec::new(),
        blocks: Vec::new(),
    };
    let mut fences = Vec::new();
    let mut front_end = 0;
    if let Some(start) = check_encoding(&mut findings) {
        let header = read_header(start, &mut findings);
        let outline = outline(source.text(), header.end);
        front_end = header.end;
        let mut body = Body { source, header: &header, drafts: Vec::new(), tables: Vec::new(), findings };
        body.read(&outline.regions);
        findings = body.findings;
        document.cells = pair(body.drafts, body.tables, &header, &mut findings);
        document.headings = outline.headings;
        document.front = header.front;
        fences.extend(outline.regions.into_iter().filter(|region| region.kind == RegionKind::Fence));
    }
    document.blocks = blocks(source.text(), front_end, &fences);
    let mut diagnostics = findings.diagnostics;
    diagnostics.sort_by_key(|diagnostic| diagnostic.span.start);
    Parsed { document, diagnostics }
}

fn blocks(text: &str, front_end: usize, fences: &[Region]) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut at = 0;
    let mut push = |kind, end: usize| {
        if end > at {
            blocks.push(Block { kind, text: text[at..end].to_owned() });
            at = end;
        }
    };
    push(BlockKind::FrontMatter, front_end);
    for fence in fences {
        push(BlockKind::Prose, fence.span.start);
        push(BlockKind::Fence, fence.span.end);
    }
    push(BlockKind::Prose, text.len());
    blocks
}

/// Everything after the front matter, while it is read.
struct Body<'a> {
    source: &'a Arc<Source>,
    header: &'a Header,
    drafts: Vec<Draft>,
    tables: Vec<Expectation>,
    findings: Findings,
}

impl Body<'_> {
    fn read(&mut self, regions: &[Region]) {
        let mut at = self.header.end;
        for region in regions {
            // Whole lines can make two neighbours overlap (`- > ~~~` at a container's end).
            if region.span.start < at {
                continue;
            }
            self.strays(Span::new(at, region.span.start), None);
            match region.kind {
                RegionKind::Fence | RegionKind::Nested => self.fence(*region),
                kind => self.strays(region.span, Some(kind)),
            }
            at = region.span.end;
        }
        self.strays(Span::new(at, self.source.text().len()), None);
    }

    fn lines(&self, span: Span) -> impl Iterator<Item = Span> + use<'_> {
        let mut at = span.start;
        self.source.slice(span).split_inclusive('\n').map(move |line| {
            let start = at;
            at += line.len();
            Span::new(start, start + line.trim_end_matches('\n').len())
        })
    }

    /// A line that means to be a cell's and is not one: reported, and its attributes kept.
    fn refuse(&mut self, line: &FenceLine, purpose: Purpose, diagnostic: Diagnostic) {
        if purpose == Purpose::Table {
            self.findings.push(diagnostic);
            let mut scratch = Findings::new(self.source);
            let attributes = read_info(line.info, "text", &TABLE_KEYS, &mut scratch);
            let cell = attributes.get("expect").map(|item| (item.value.clone(), item.span));
            self.tables.push(Expectation { cell, table: None });
            return;
        }
        let draft = self.silent(line.info);
        self.findings.push(match draft.id.as_ref() {
            Some((id, _)) => diagnostic.cell(id.clone()),
            None => diagnostic,
        });
        self.drafts.push(draft);
    }

    /// What an info string says, without a word about what is wrong with it.
    fn silent(&self, info: Span) -> Draft {
        let mut scratch = Findings::new(self.source);
        let attributes = read_info(info, "sql", &CELL_KEYS, &mut scratch);
        sketch(&attributes, info)
    }

    /// Fence lines outside of every fence.
    fn strays(&mut self, span: Span, kind: Option<RegionKind>) {
        let text = self.source.text();
        if !self.source.slice(span).contains(['`', '~']) {
            return;
        }
        let lines: Vec<Span> = self.lines(span).collect();
        for line in lines {
            let html = kind == Some(RegionKind::Html);
            let fence =
                fence_line(text, line, 1).or_else(|| html.then(|| fence_in_html(text, line)).flatten());
            let Some(fence) = fence else { continue };
            let info = self.source.slice(fence.info);
            let purpose = purpose(info);
            if purpose == Purpose::Documentation {
                continue;
            }
            let whole = Span::new(fence.run.start, fence.info.end);
            if fence.run.len() < 3 {
                // With its end on the same line it is code in a sentence.
                if fence.mark == b'`' && !info.contains('`') {
                    let diagnostic = self
                        .findings
                        .error("short-fence", fence.run, "the fence has fewer than three backticks")
                        .help("start and end the cell with three backticks");
                    self.refuse(&fence, purpose, diagnostic);
                }
                continue;
            }
            let (rule, message, help) = match kind {
                Some(RegionKind::Html) => (
                    "cell-in-html",
                    "the fence stands in an HTML block",
                    "put an empty line before it, and take it out of comments and tags",
                ),
                _ if info.contains('`') => (
                    "backtick-in-info",
                    "the info string holds a backtick, so this is no fence",
                    "remove the backtick; a cell's info string ends with `}`",
                ),
                _ => {
                    ("indented-fence", "the fence is indented, so it is none", "start the fence at column 1")
                }
            };
            let diagnostic = self.findings.error(rule, whole, message).help(help);
            self.refuse(&fence, purpose, diagnostic);
        }
    }

    fn fence(&mut self, region: Region) {
        let text = self.source.text();
        let lines: Vec<Span> = self.lines(region.span).collect();
        let Some(first) = lines.first().copied() else { return };
        let Some(line) = fence_line(text, first, 3) else { return };
        let purpose = purpose(self.source.slice(line.info));
        let rest = &lines[1..];
        let top = region.kind == RegionKind::Fence;
        let closing =
            rest.last().copied().filter(|last| closes(self.source.slice(*last), line.mark, line.run.len()));
        let inner = if closing.is_some() { &rest[..rest.len() - 1] } else { rest };
        let before = self.findings.count();
        let whole = Span::new(line.run.start, line.info.end);
        if purpose != Purpose::Documentation
            && let Some(diagnostic) = self.misplaced(&line, whole, top)
        {
            self.refuse(&line, purpose, diagnostic);
            self.swallowed(&line, inner, top, top);
            return;
        }
        let swallowed = self.swallowed(&line, inner, purpose != Purpose::Documentation, top);
        if top && closing.is_none() && !swallowed {
            self.findings.push(
                self.findings
                    .error("unclosed-fence", whole, "the fence is not closed")
                    .label("it runs to the end of the file")
                    .help(format!("close it with {} on a line of its own", self.source.slice(line.run))),
            );
        }
        let end = inner.last().map_or((first.end + 1).min(text.len()), |last| (last.end + 1).min(text.len()));
        let fence_end = closing.map_or(end, |closing| closing.end);
        let content = Span::new((first.end + 1).min(end), end);
        let place = Place {
            fence: Span::new(line.run.start, fence_end.max(content.end.min(region.span.end))),
            content,
        };
        match purpose {
            Purpose::Documentation => {}
            Purpose::Cell => self.cell(&line, place, before),
            Purpose::Table => self.table(&line, content),
            Purpose::Mistaken => {
                let draft = {
                    let attributes = read_info(line.info, "sql", &CELL_KEYS, &mut self.findings);
                    sketch(&attributes, place.fence)
                };
                self.drafts.push(draft);
            }
        }
    }

    /// Why a fence at this place is no cell.
    fn misplaced(&self, line: &FenceLine, whole: Span, top: bool) -> Option<Diagnostic> {
        let (rule, span, message, help) = if !top {
            (
                "nested-fence",
                whole,
                "the fence stands in a list item, a block quote or a footnote",
                "move it out, to column 1; for documentation use a fence without braces",
            )
        } else if !line.prefix.is_empty() {
            (
                "indented-fence",
                Span::new(line.prefix.start, line.run.end),
                "the fence is indented",
                "start it at column 1",
            )
        } else if line.mark == b'~' {
            ("tilde-fence", line.run, "the fence of a cell is written with backticks", "write ``` for ~~~")
        } else {
            return None;
        };
        Some(self.findings.error(rule, span, message).help(help))
    }

    fn cell(&mut self, line: &FenceLine, place: Place, before: usize) {
        let params = self.header.knows_params.then_some(self.header.front.params.as_slice());
        let attributes = read_info(line.info, "sql", &CELL_KEYS, &mut self.findings);
        let mut draft = match self.findings.count() == before {
            true => read_cell(&attributes, place, params, &mut self.findings),
            // Nothing more is said about attributes that may be half read.
            false => sketch(&attributes, place.fence),
        };
        draft.sound &= self.findings.count() == before;
        if let Some((id, _)) = &draft.id {
            for diagnostic in &mut self.findings.diagnostics[before..] {
                diagnostic.cell.get_or_insert_with(|| id.clone());
            }
        }
        self.drafts.push(draft);
    }

    fn table(&mut self, line: &FenceLine, content: Span) {
        let before = self.findings.count();
        let attributes = read_info(line.info, "text", &TABLE_KEYS, &mut self.findings);
        let cell = attributes.get("expect").map(|item| (item.value.clone(), item.span));
        let table = match self.findings.count() == before {
            true => read_table(content, &mut self.findings),
            false => None,
        };
        self.tables.push(Expectation { cell, table });
    }

    /// Lines that would have closed the fence but for what follows on them: the first is an error, and
    /// the cells among them are known to be lost.
    fn swallowed(&mut self, line: &FenceLine, inner: &[Span], is_cell: bool, top: bool) -> bool {
        let text = self.source.text();
        let mut found = false;
        for at in inner {
            // In documentation an indented run may be an example; in SQL it is a fence gone wrong.
            let rest = match top && !is_cell {
                true => after_run(self.source.slice(*at), line.mark, line.run.len()),
                false => fence_line(text, *at, line.run.len())
                    .filter(|inner| inner.mark == line.mark)
                    .map(|inner| &text[inner.run.end..at.end]),
            };
            let Some(rest) = rest else { continue };
            let info = rest.trim();
            let looks_like_cell = purpose(info) != Purpose::Documentation;
            // A tab after the run closes the fence on GitHub, and not for every reader of Markdown.
            let ambiguous = top && info.is_empty();
            if !looks_like_cell && !is_cell && !ambiguous {
                continue;
            }
            if !found {
                self.findings.push(self.unclosed(line, *at, rest, looks_like_cell));
                found = true;
            }
            if looks_like_cell && let Some(lost) = fence_line(text, *at, 3) {
                let draft = self.silent(lost.info);
                self.drafts.push(draft);
            }
        }
        found
    }

    /// `rest` is what stands after the run on the line `at`, which does not close `fence` for it.
    fn unclosed(&self, fence: &FenceLine, at: Span, rest: &str, looks_like_cell: bool) -> Diagnostic {
        if looks_like_cell || rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
            let number = self.source.position(at.start).line;
            let whole = Span::new(fence.run.start, fence.info.end);
            return self
                .findings
                .error("unclosed-fence", whole, "the fence is not closed before the next one")
                .label(format!("the next one starts on line {number}"))
                .help(format!("close it with {} on a line of its own", self.source.slice(fence.run)));
        }
        let after = Span::new(at.end - rest.len(), at.end);
        if rest.is_empty() {
            return self
                .findings
                .error("indented-fence", at, "the closing fence is indented too far to close anything")
                .help("start it at column 1");
        }
        if rest.trim().is_empty() {
            return self
                .findings
                .error("closing-fence-text", after, "there is a tab after the closing fence")
                .note("not every reader of Markdown takes the line for the end of the fence")
                .help("remove the white space after the backticks");
        }
        let text = Span::new(at.end - rest.trim_start().len(), after.start + rest.trim_end().len());
        self.findings
            .error("closing-fence-text", text, "there is text after the closing fence")
            .note("Markdown does not take the line for the end of the fence")
            .help("remove it, or use a longer fence around the cell")
    }
}

/// A run of backticks somewhere in a line of an HTML block (`<details>` before it, say).
fn fence_in_html(text: &str, line: Span) -> Option<FenceLine> {
    let at = text[line.start..line.end].find("```")?;
    fence_line(text, Span::new(line.start + at, line.end), 3)
}
