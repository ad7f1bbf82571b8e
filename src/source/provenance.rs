use super::Span;

/// Where a stretch of rendered SQL came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Copied from this range of the runbook, byte for byte.
    Text(Span),
    /// Written by the expression that stands in this range of the runbook.
    Expression(Span),
}

/// Leads from an offset in rendered SQL back to the runbook.
///
/// The pieces are in order and cover the rendered text without a gap.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Provenance {
    pieces: Vec<(Span, Origin)>,
}

impl Provenance {
    /// Rendered text that is the runbook's own, unchanged.
    pub fn verbatim(source: Span) -> Self {
        let mut map = Self::default();
        map.push(source.len(), Origin::Text(source));
        map
    }

    /// The next `len` bytes of the rendered text came from `origin`.
    pub fn push(&mut self, len: usize, origin: Origin) {
        let start = self.pieces.last().map_or(0, |(span, _)| span.end);
        self.pieces.push((Span::new(start, start + len), origin));
    }

    /// The way back from a part of the rendered text, counted from that part's beginning.
    pub fn part(&self, part: Span) -> Self {
        let mut map = Self::default();
        let first = self.pieces.partition_point(|(piece, _)| piece.end <= part.start);
        for (piece, origin) in self.pieces[first..].iter().take_while(|(piece, _)| piece.start < part.end) {
            let cut = part.start.saturating_sub(piece.start);
            let origin = match origin {
                Origin::Text(source) => {
                    Origin::Text(Span::new((source.start + cut).min(source.end), source.end))
                }
                Origin::Expression(source) => Origin::Expression(*source),
            };
            map.push(piece.end.min(part.end) - piece.start.max(part.start), origin);
        }
        map
    }

    /// The range of the runbook that made `span` of the rendered text.
    pub fn to_source(&self, span: Span) -> Span {
        let first = self.edge(span.start).start;
        let last = self.edge(span.end.saturating_sub(1).max(span.start)).end;
        Span::new(first, last.max(first))
    }

    fn edge(&self, offset: usize) -> Span {
        let index = self.pieces.partition_point(|(piece, _)| piece.end <= offset);
        match self.pieces.get(index).or(self.pieces.last()) {
            Some((piece, Origin::Text(source))) => {
                let at = (source.start + offset.saturating_sub(piece.start)).min(source.end);
                Span::new(at, (at + 1).min(source.end))
            }
            Some((_, Origin::Expression(source))) => *source,
            None => Span::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rendered_offsets_lead_back_to_text_and_expressions() {
        // runbook: `LIMIT {{ n }};` at 100; rendered: `LIMIT 500;`
        let mut map = Provenance::default();
        map.push(6, Origin::Text(Span::new(100, 106)));
        map.push(3, Origin::Expression(Span::new(106, 113)));
        map.push(1, Origin::Text(Span::new(113, 114)));
        assert_eq!(map.to_source(Span::new(0, 5)), Span::new(100, 105));
        assert_eq!(map.to_source(Span::new(6, 9)), Span::new(106, 113));
        assert_eq!(map.to_source(Span::new(9, 10)), Span::new(113, 114));
        assert_eq!(map.to_source(Span::new(0, 10)), Span::new(100, 114));
        let part = map.part(Span::new(3, 9));
        assert_eq!(part.to_source(Span::new(0, 2)), Span::new(103, 105));
        assert_eq!(part.to_source(Span::new(3, 6)), Span::new(106, 113));
    }
}
