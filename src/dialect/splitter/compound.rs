//! The bodies of routines, triggers and events, and MariaDB's compound statements outside of them
//! (MySQL 9 manual §15.6; MariaDB, "Using Compound Statements Outside of Stored Programs").
//!
//! Most words of the grammar are names as well (`end`, `begin`, `repeat(…)`, `if(…)`), so that a word
//! counts only where a statement of the body begins, or where the open block waits for it.

use crate::dialect::lexer::{Token, TokenKind};
use crate::source::Span;

/// How far one statement has been read.
#[derive(Default)]
pub(super) struct Compound {
    head: Head,
    /// Open blocks, outermost first, and where each began.
    blocks: Vec<(Block, Span)>,
    place: Place,
    /// Open parentheses of a head.
    parentheses: usize,
    before: Before,
}

/// What of the statement stands before the body.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Head {
    /// A label may stand before it.
    #[default]
    Start,
    /// A word that is a label if a colon follows.
    Label,
    /// `BEGIN`, which opens a transaction unless `NOT ATOMIC` follows.
    Begin,
    BeginNot,
    /// `CREATE` or `ALTER`, and what may stand before the object's kind.
    Create,
    /// `DEFINER =`: an account follows.
    Definer,
    /// A routine's name, and its parameters.
    Parameters,
    /// A trigger, up to `FOR EACH ROW`.
    Trigger,
    /// An event, up to `DO`.
    Event,
    /// What may still stand before the body.
    Tail,
    Body,
    /// A statement that has no body.
    Plain,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Block {
    Begin,
    If,
    Case,
    /// `CASE … END` in an expression.
    CaseValue,
    Loop,
    While,
    Repeat,
    For,
}

/// Where in the body the next token stands.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Place {
    /// Where a statement, or the `END` of a block, begins.
    #[default]
    Start,
    /// After a word that is a label if a colon follows.
    Label,
    Inside,
    /// After `UNTIL`, up to the `END` of the block.
    Until,
    /// After `END`, which may repeat the kind of its block and its label.
    End,
    /// `DECLARE`, where it may still be that of a handler.
    Declare,
    /// `DECLARE … HANDLER`.
    Handler,
    /// The conditions of a handler: one has to come,
    Condition,
    /// has begun (`NOT`, `SQLSTATE`),
    ConditionPart,
    /// or is complete: after a comma another one follows, after anything else the statement.
    Conditions,
}

/// The token before, as far as it decides what a word is.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Before {
    #[default]
    Other,
    /// A dot: the next word is a name.
    Dot,
    /// An operator, or a word that an operand follows: `end` is a name here.
    Operator,
    /// A word after which `SET` is a type or part of one.
    Type,
    /// A word after which `HANDLER` declares one.
    HandlerKind,
    Each,
    /// `FOLLOWS` or `PRECEDES`.
    Order,
}

impl Compound {
    /// Where the outermost block that is still open began.
    pub(super) fn open(&self) -> Option<Span> {
        self.blocks.first().map(|(_, span)| *span)
    }

    pub(super) fn take(&mut self, token: Token, text: &str) {
        if self.head == Head::Plain || token.kind == TokenKind::Hint {
            return;
        }
        let lower = if token.kind == TokenKind::Word { text.to_ascii_lowercase() } else { String::new() };
        let word = if self.before == Before::Dot { "" } else { lower.as_str() };
        if self.head == Head::Body {
            self.body(token, text, word);
        } else {
            self.head(token, text, word);
        }
        self.before = match (token.kind, text) {
            (TokenKind::Punct, ".") => Before::Dot,
            (TokenKind::Punct, ")") => Before::Other,
            (TokenKind::Punct, _) => Before::Operator,
            _ => before(word),
        };
    }

    fn head(&mut self, token: Token, text: &str, word: &str) {
        match (token.kind, text) {
            (TokenKind::Punct, "(") => self.parentheses += 1,
            (TokenKind::Punct, ")") => self.parentheses = self.parentheses.saturating_sub(1),
            _ => {}
        }
        self.head = match (self.head, word) {
            (Head::Start, "create" | "alter") => Head::Create,
            (Head::Start, "begin") => Head::Begin,
            (Head::Start, "if" | "case" | "loop" | "while" | "repeat" | "for") => {
                return self.begin_body(token, text, word);
            }
            (Head::Start, _) if matches!(token.kind, TokenKind::Word | TokenKind::QuotedIdent) => Head::Label,
            (Head::Label, _) if text == ":" => Head::Start,
            (Head::Begin, "not") => Head::BeginNot,
            (Head::BeginNot, "atomic") => {
                self.blocks.push((Block::Begin, token.span));
                self.place = Place::Start;
                Head::Body
            }
            (Head::Create, "procedure" | "function") => Head::Parameters,
            (Head::Create, "trigger") => Head::Trigger,
            (Head::Create, "event") => Head::Event,
            (Head::Create, "or" | "replace" | "definer" | "aggregate") => Head::Create,
            (Head::Create, _) if text == "=" => Head::Definer,
            // `@host`, or the parentheses of `CURRENT_USER()`.
            (Head::Create, _) if token.kind == TokenKind::Param || matches!(text, "(" | ")") => Head::Create,
            (Head::Definer, _) => Head::Create,
            (Head::Parameters, _) if text == ")" && self.parentheses == 0 => Head::Tail,
            (Head::Trigger, "row") if self.before == Before::Each => Head::Tail,
            (Head::Event, "do") if self.parentheses == 0 => {
                self.place = Place::Start;
                Head::Body
            }
            (Head::Tail, "set") if self.before == Before::Type => Head::Tail,
            (Head::Tail, _) if self.before == Before::Order => Head::Tail,
            (Head::Tail, _) if self.parentheses == 0 && begins_body(word) => {
                return self.begin_body(token, text, word);
            }
            // A label of the body, or a word of the characteristics.
            (Head::Parameters | Head::Trigger | Head::Event | Head::Tail, _) => self.head,
            _ => Head::Plain,
        };
    }

    fn begin_body(&mut self, token: Token, text: &str, word: &str) {
        self.head = Head::Body;
        self.place = Place::Start;
        self.body(token, text, word);
    }

    fn body(&mut self, token: Token, text: &str, word: &str) {
        if token.kind == TokenKind::Punct && text == ";" {
            self.place = Place::Start;
            return;
        }
        self.place = match self.place {
            Place::Start => self.start(token, word),
            Place::Label if text == ":" => Place::Start,
            Place::End if matches!(word, "if" | "case" | "loop" | "while" | "repeat" | "for") => {
                Place::Inside
            }
            Place::Label | Place::Inside | Place::End => self.inside(token, word, Place::Inside),
            Place::Until if word == "end" && self.top() == Some(Block::Repeat) => {
                self.blocks.pop();
                Place::End
            }
            Place::Until => self.inside(token, word, Place::Until),
            Place::Declare if word == "handler" && self.before == Before::HandlerKind => Place::Handler,
            Place::Declare if matches!(word, "continue" | "exit" | "undo") => Place::Declare,
            Place::Declare => self.inside(token, word, Place::Inside),
            Place::Handler => {
                if word == "for" {
                    Place::Condition
                } else {
                    Place::Handler
                }
            }
            Place::Condition if matches!(word, "not" | "sqlstate") => Place::ConditionPart,
            Place::Condition => Place::Conditions,
            Place::ConditionPart if word == "value" => Place::ConditionPart,
            Place::ConditionPart => Place::Conditions,
            Place::Conditions if text == "," => Place::Condition,
            Place::Conditions => self.start(token, word),
        };
    }

    /// The first token of a statement of the body.
    fn start(&mut self, token: Token, word: &str) -> Place {
        let (block, place) = match (word, self.top()) {
            ("begin", _) => (Block::Begin, Place::Start),
            ("if", _) => (Block::If, Place::Inside),
            ("case", _) => (Block::Case, Place::Inside),
            ("loop", _) => (Block::Loop, Place::Start),
            ("repeat", _) => (Block::Repeat, Place::Start),
            ("while", _) => (Block::While, Place::Inside),
            ("for", _) => (Block::For, Place::Inside),
            ("end", _) => {
                self.blocks.pop();
                return Place::End;
            }
            ("else", Some(Block::If | Block::Case)) | ("not" | "atomic", Some(Block::Begin)) => {
                return Place::Start;
            }
            ("until", Some(Block::Repeat)) => return Place::Until,
            ("declare", _) => return Place::Declare,
            _ => return if is_name(token) { Place::Label } else { Place::Inside },
        };
        self.blocks.push((block, token.span));
        place
    }

    /// A token inside a statement; the answer is `here` unless it ends one.
    fn inside(&mut self, token: Token, word: &str, here: Place) -> Place {
        match (word, self.top()) {
            ("case", _) => {
                self.blocks.push((Block::CaseValue, token.span));
                here
            }
            ("end", Some(Block::CaseValue)) if self.before != Before::Operator => {
                self.blocks.pop();
                here
            }
            ("then", Some(Block::If | Block::Case)) | ("do", Some(Block::While | Block::For)) => Place::Start,
            _ => here,
        }
    }

    fn top(&self) -> Option<Block> {
        self.blocks.last().map(|(block, _)| *block)
    }
}

fn is_name(token: Token) -> bool {
    matches!(token.kind, TokenKind::Word | TokenKind::QuotedIdent)
}

/// Words that begin the body of a routine or trigger. What stands before the body begins with none
/// of them (manual §15.1.17, §15.1.22).
fn begins_body(word: &str) -> bool {
    const WORDS: [&str; 54] = [
        "alter",
        "analyze",
        "begin",
        "call",
        "case",
        "check",
        "close",
        "commit",
        "create",
        "deallocate",
        "declare",
        "delete",
        "do",
        "drop",
        "execute",
        "explain",
        "fetch",
        "flush",
        "for",
        "get",
        "grant",
        "handler",
        "if",
        "insert",
        "iterate",
        "kill",
        "leave",
        "load",
        "lock",
        "loop",
        "open",
        "optimize",
        "prepare",
        "release",
        "rename",
        "repair",
        "repeat",
        "replace",
        "reset",
        "resignal",
        "return",
        "revoke",
        "rollback",
        "savepoint",
        "select",
        "set",
        "show",
        "signal",
        "start",
        "table",
        "truncate",
        "update",
        "while",
        "with",
    ];
    WORDS.contains(&word)
}

fn before(word: &str) -> Before {
    match word {
        "when" | "then" | "else" | "case" | "and" | "or" | "xor" | "not" | "in" | "is" | "like"
        | "between" | "div" | "mod" | "regexp" | "rlike" | "binary" | "distinct" | "select" | "by"
        | "where" | "on" | "having" | "interval" => Before::Operator,
        "returns" | "char" | "character" => Before::Type,
        "continue" | "exit" | "undo" => Before::HandlerKind,
        "each" => Before::Each,
        "follows" | "precedes" => Before::Order,
        _ => Before::Other,
    }
}
