/// A rule's page, in its parts.
///
/// The headings are fixed: `# <rule>` with a sentence, then the sections of [`Page::SECTIONS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page<'a> {
    pub name: &'a str,
    /// The sentence under the name: what is wrong, in one line.
    pub summary: &'a str,
    text: &'a str,
}

impl<'a> Page<'a> {
    pub const SECTIONS: [&'static str; 5] =
        ["What it finds", "What happens in production", "Instead", "Bad", "Good"];

    pub fn read(text: &'a str) -> Self {
        let mut lines = text.lines();
        let name = lines.next().and_then(|line| line.strip_prefix("# ")).unwrap_or_default();
        let summary = lines.find(|line| !line.is_empty()).unwrap_or_default();
        Self { name, summary, text }
    }

    /// The second-level headings, in order.
    pub fn headings(&self) -> Vec<&'a str> {
        self.outside_fences().filter_map(|line| line.strip_prefix("## ")).collect()
    }

    /// The runbooks, or cells of one, that stand under a heading, in fences of four backticks.
    pub fn examples(&self, section: &str) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        let (mut here, mut open) = (false, false);
        for line in self.text.lines() {
            if line.starts_with(FENCE) {
                open = !open;
                if open && here {
                    found.push(String::new());
                }
            } else if let (false, Some(heading)) = (open, line.strip_prefix("## ")) {
                here = heading == section;
            } else if let (true, true, Some(example)) = (open, here, found.last_mut()) {
                example.push_str(line);
                example.push('\n');
            }
        }
        found
    }

    fn outside_fences(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let mut open = false;
        self.text.lines().filter(move |line| {
            let fence = line.starts_with(FENCE);
            open ^= fence;
            !fence && !open
        })
    }
}

const FENCE: &str = "````";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_a_name_a_sentence_and_examples_under_headings() {
        let text = "# a-rule\n\nOne line.\n\n## Bad\n\n````markdown\n## no heading\n```sql\nx\n```\n````\n\n## Good\n";
        let page = Page::read(text);
        assert_eq!((page.name, page.summary), ("a-rule", "One line."));
        assert_eq!(page.headings(), ["Bad", "Good"]);
        assert_eq!(page.examples("Bad"), ["## no heading\n```sql\nx\n```\n"]);
        assert!(page.examples("Good").is_empty());
    }
}
