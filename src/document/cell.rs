//! One fence with the attributes of a cell: what it says of itself, without the other cells.

use super::findings::Findings;
use super::info_string::{Attribute, Attributes};
use super::options::read_head;
use super::slug::{is_cell_id, suggest};
use super::{Expect, Options, ParamSpec, Role, When};
use crate::source::Span;

/// A name and where it is written.
pub type Named = (String, Span);

/// A fence that means to be a cell. One that is not sound never becomes a cell, but what can be read
/// of it keeps its neighbours from being blamed.
#[derive(Debug)]
pub struct Draft {
    pub sound: bool,
    pub role: Option<Role>,
    pub id: Option<Named>,
    pub of: Option<Named>,
    pub phase: Option<Named>,
    pub until: Option<Named>,
    pub destructive: bool,
    pub expect: Expect,
    pub expect_given: bool,
    pub when: When,
    pub options: Options,
    pub irreversible: Option<Span>,
    pub fence: Span,
    pub info: Span,
    pub body: Span,
}

impl Role {
    pub const ALL: [Self; 3] = [Self::Forward, Self::Rollback, Self::Verify];

    /// The word for it in an info string.
    pub fn name(self) -> &'static str {
        match self {
            Self::Forward => "forward",
            Self::Rollback => "rollback",
            Self::Verify => "verify",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// Where a fence stands.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    pub fence: Span,
    pub content: Span,
}

/// Reads a well-placed fence.
pub fn read_cell(
    attributes: &Attributes,
    place: Place,
    params: Option<&[ParamSpec]>,
    findings: &mut Findings,
) -> Draft {
    let before = findings.count();
    let role = read_role(attributes, findings);
    require(attributes, role, findings);
    let mut draft = sketch(attributes, place.fence);
    for (key, named) in [("id", &draft.id), ("of", &draft.of), ("until", &draft.until)] {
        if let Some((name, span)) = named.as_ref().filter(|(name, _)| !is_cell_id(name)) {
            findings.push(
                findings
                    .error("bad-id", *span, format!("`{name}` is not a cell id, and `{key}` takes one"))
                    .help("use lower-case letters, digits and `-`, a letter first, and `.` between parts"),
            );
        }
    }
    refuse_misplaced(attributes, role, findings);
    draft.role = role;
    if let Some(expect) = attributes.get("expect") {
        draft.expect_given = true;
        draft.expect = read_expect(expect, findings).unwrap_or(Expect::Empty);
    }
    if let Some(when) = attributes.get("when") {
        draft.when = read_when(when, draft.expect == Expect::Unchanged, findings);
    }
    let head = read_head(place.content, role, params, findings);
    draft.options = head.options;
    draft.irreversible = head.irreversible;
    draft.body = head.body;
    draft.sound = findings.count() == before;
    draft
}

/// What the attributes say, without a word about what is wrong.
pub fn sketch(attributes: &Attributes, fence: Span) -> Draft {
    let named = |key| attributes.get(key).map(|item| (item.value.clone(), item.span));
    Draft {
        sound: false,
        role: attributes.get("role").and_then(|role| Role::from_name(&role.value)),
        id: named("id"),
        of: named("of"),
        phase: named("phase"),
        until: named("until"),
        destructive: attributes.destructive.is_some(),
        expect: Expect::Empty,
        expect_given: false,
        when: When::After,
        options: Options::default(),
        irreversible: None,
        fence,
        info: attributes.info,
        body: Span::new(fence.end, fence.end),
    }
}

fn read_role(attributes: &Attributes, findings: &mut Findings) -> Option<Role> {
    let Some(item) = attributes.get("role") else {
        missing("role", "add `role=forward`, `role=rollback` or `role=verify`", attributes, findings);
        return None;
    };
    let role = Role::from_name(&item.value);
    if role.is_none() {
        findings.push(
            findings
                .error("unknown-role", item.span, format!("there is no role `{}`", item.value))
                .help(suggest(&item.value, Role::ALL.map(Role::name))),
        );
    }
    role
}

fn require(attributes: &Attributes, role: Option<Role>, findings: &mut Findings) {
    if attributes.get("phase").is_none() {
        missing("phase", "add `phase=` with one of the phases of the front matter", attributes, findings);
    }
    match role {
        Some(Role::Forward) if attributes.get("id").is_none() => {
            missing("id", "add `id=` with a name that is unique in the file", attributes, findings);
        }
        Some(Role::Rollback) if attributes.get("of").is_none() => {
            missing("of", "add `of=` with the id of the forward cell that it undoes", attributes, findings);
        }
        _ => {}
    }
}

fn missing(key: &'static str, help: &str, attributes: &Attributes, findings: &mut Findings) {
    let rule = match key {
        "role" => "missing-role",
        "phase" => "missing-phase",
        "of" => "missing-of",
        _ => "missing-id",
    };
    findings.push(findings.error(rule, attributes.info, format!("the cell has no `{key}`")).help(help));
}

fn refuse_misplaced(attributes: &Attributes, role: Option<Role>, findings: &mut Findings) {
    let Some(role) = role else { return };
    let keys: &[&str] = match role {
        Role::Forward => &["of", "expect", "when", "until"],
        Role::Rollback => &["expect", "when", "until"],
        Role::Verify => &[],
    };
    for item in keys.iter().filter_map(|key| attributes.get(key)) {
        let help = match item.key {
            "of" => "a forward cell is the step itself: remove `of`",
            _ => "it is for verify cells: remove it",
        };
        findings.push(
            findings
                .error(
                    "key-not-for-role",
                    Span::new(item.key_span.start, item.span.end),
                    format!("`{}` means nothing on a {} cell", item.key, role.name()),
                )
                .help(help),
        );
    }
    if let Some(span) = attributes.destructive.filter(|_| role == Role::Verify) {
        findings.push(
            findings
                .error("flag-not-for-role", span, "a verify cell cannot be destructive")
                .note("verify cells run read-only")
                .help("remove `.destructive`"),
        );
    }
}

fn read_when(item: &Attribute, unchanged: bool, findings: &mut Findings) -> When {
    match item.value.as_str() {
        "before" if unchanged => findings.push(
            findings
                .error(
                    "conflicting-keys",
                    item.span,
                    "`expect=unchanged` compares before with after by itself",
                )
                .help("remove `when=before`"),
        ),
        "before" => return When::Before,
        "after" => {}
        other => findings.push(
            findings
                .error("unknown-when", item.span, format!("there is no `when={other}`"))
                .help(suggest(other, ["before", "after"])),
        ),
    }
    When::After
}

fn read_expect(item: &Attribute, findings: &mut Findings) -> Option<Expect> {
    let (word, argument) = match item.value.split_once(':') {
        Some((word, argument)) => (word, Some(argument)),
        None => (item.value.as_str(), None),
    };
    let expect = match (word, argument) {
        ("empty", None) => Some(Expect::Empty),
        ("true", None) => Some(Expect::True),
        ("unchanged", None) => Some(Expect::Unchanged),
        ("value", Some(value)) => Some(Expect::Value(value.to_owned())),
        ("rows", Some(count)) if count.bytes().all(|byte| byte.is_ascii_digit()) => {
            count.parse().ok().map(Expect::Rows)
        }
        _ => None,
    };
    if expect.is_none() {
        let known = ["empty", "rows", "value", "true", "unchanged"];
        let help = match word {
            "rows" => "write `expect=rows:<number>`".to_owned(),
            "value" => "write `expect=value:<text>`".to_owned(),
            word if known.contains(&word) => format!("write `expect={word}`"),
            word => match crate::diagnostics::did_you_mean(word, known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "known: `empty`, `rows:N`, `value:V`, `true`, `unchanged`, or a table in a \
                         `text {expect=<cell id>}` fence"
                    .to_owned(),
            },
        };
        findings.push(
            findings
                .error(
                    "unknown-expect",
                    item.span,
                    format!("`{}` is nothing that a cell can expect", item.value),
                )
                .help(help),
        );
    }
    expect
}
