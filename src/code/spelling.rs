//! The ways in which code writes a name of the database.

/// What is known of one spelling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Case {
    /// As SQL and constants write it: the case says nothing.
    Any,
    /// As a variable or a class is written: the case parts the words.
    Exact,
}

/// One way to write a name, and how to tell it from what only looks like it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spelling {
    pub text: String,
    case: Case,
}

impl Spelling {
    /// Whether `line[start..end]`, which is this text in some case, is this name and no part of another.
    pub fn is_at(&self, text: &[u8], start: usize, end: usize) -> bool {
        if self.case == Case::Exact && &text[start..end] != self.text.as_bytes() {
            return false;
        }
        let after = text.get(end).is_none_or(|byte| !is_part(*byte));
        after && (start == 0 || !is_part(text[start - 1]) || self.is_accessed(text, start))
    }

    /// `getEmail`, `findByEmail`: a word of a property's accessor stands before it.
    fn is_accessed(&self, text: &[u8], start: usize) -> bool {
        const ACCESSORS: [&[u8]; 7] = [b"get", b"set", b"is", b"has", b"with", b"By", b"And"];
        text[start].is_ascii_uppercase()
            && ACCESSORS.iter().any(|word| {
                let before = &text[..start];
                let whole = before.len() == word.len()
                    || before.len() > word.len()
                        && (word[0].is_ascii_uppercase() || !is_part(before[before.len() - word.len() - 1]));
                before.ends_with(word) && whole
            })
    }
}

fn is_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// Spellings of a column, or of a table by its own name.
pub fn of_name(name: &str) -> Vec<Spelling> {
    let words = words(name);
    let mut all = vec![any(name.to_owned()), any(words.join("_"))];
    all.push(exact(camel(&words)));
    all.push(exact(pascal(&words)));
    unique(all)
}

/// Spellings of a table's rows, as classes and variables call them: `OrderItem` of `order_items`.
pub fn of_rows(table: &str) -> Vec<Spelling> {
    let mut words = words(table);
    let Some(last) = words.last_mut() else { return Vec::new() };
    let Some(one) = singular(last) else { return Vec::new() };
    *last = one;
    unique(vec![any(words.join("_")), exact(camel(&words)), exact(pascal(&words))])
}

fn any(text: String) -> Spelling {
    Spelling { text, case: Case::Any }
}

fn exact(text: String) -> Spelling {
    Spelling { text, case: Case::Exact }
}

/// Without those that another one covers: a single word in any case is all of its spellings.
fn unique(all: Vec<Spelling>) -> Vec<Spelling> {
    let mut kept: Vec<Spelling> = Vec::new();
    for spelling in all {
        let covered = |other: &Spelling| {
            other.text == spelling.text
                || (other.case == Case::Any && other.text.eq_ignore_ascii_case(&spelling.text))
        };
        if !spelling.text.is_empty() && !kept.iter().any(covered) {
            kept.push(spelling);
        }
    }
    kept
}

/// `user_id`, `userId`, `UserID` and `user-id` are the same words.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut before = ' ';
    for letter in name.chars() {
        let parts = !letter.is_alphanumeric();
        let hump = letter.is_uppercase() && (before.is_lowercase() || before.is_ascii_digit());
        if parts || hump || words.is_empty() {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| !parts) {
            word.extend(letter.to_lowercase());
        }
        before = letter;
    }
    words.retain(|word| !word.is_empty());
    words
}

fn pascal(words: &[String]) -> String {
    words.iter().map(|word| capital(word)).collect()
}

fn camel(words: &[String]) -> String {
    words.iter().enumerate().map(|(n, word)| if n == 0 { word.clone() } else { capital(word) }).collect()
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The one of a plural, where English makes it regularly.
fn singular(word: &str) -> Option<String> {
    if let Some(stem) = word.strip_suffix("ies").filter(|stem| stem.len() > 1) {
        return Some(format!("{stem}y"));
    }
    for ending in ["sses", "shes", "ches", "xes", "zes"] {
        if word.ends_with(ending) {
            return Some(word[..word.len() - 2].to_owned());
        }
    }
    let kept = word.ends_with("ss") || word.ends_with("us") || word.ends_with("is");
    word.strip_suffix('s').filter(|stem| !kept && stem.len() > 1).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_written_in_several_ways() {
        let texts = |all: Vec<Spelling>| all.into_iter().map(|one| one.text).collect::<Vec<_>>();
        assert_eq!(texts(of_name("email_lower")), ["email_lower", "emailLower", "EmailLower"]);
        assert_eq!(texts(of_name("emailLower")), ["emailLower", "email_lower"]);
        assert_eq!(texts(of_name("email")), ["email"]);
        assert_eq!(texts(of_rows("order_items")), ["order_item", "orderItem", "OrderItem"]);
        assert_eq!(texts(of_rows("categories")), ["category"]);
        assert_eq!(texts(of_rows("addresses")), ["address"]);
        assert!(of_rows("status").is_empty() && of_rows("access").is_empty());
    }

    #[test]
    fn a_part_of_another_name_is_none() {
        let found = |name: &str, text: &str| {
            let lower = text.to_lowercase();
            of_name(name).iter().any(|spelling| {
                let spelled = spelling.text.to_lowercase();
                lower
                    .match_indices(&spelled)
                    .any(|(at, _)| spelling.is_at(text.as_bytes(), at, at + spelled.len()))
            })
        };
        for text in
            ["SELECT Email", "u.email,", "\"email\"", ":email", "getEmail()", "findByEmail(x)", "email:"]
        {
            assert!(found("email", text), "{text}");
        }
        for text in ["email_lower", "userEmail", "emails", "emailé", "widgetEmail2", "targetEmail"] {
            assert!(!found("email", text), "{text}");
        }
        for text in ["EMAIL_LOWER", "emailLower", "setEmailLower(", "EmailLower"] {
            assert!(found("email_lower", text), "{text}");
        }
        assert!(!found("email_lower", "emaillower") && !found("email_lower", "Emaillower"));
    }
}
