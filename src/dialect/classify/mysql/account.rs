use super::super::draft::Draft;
use super::cursor::Cursor;
use super::statement::COMMITS;

/// `GRANT` and `REVOKE`.
pub(super) fn read(mut cursor: Cursor<'_, '_>) -> Option<Draft> {
    let kind = if cursor.next()?.word == "grant" { "grant" } else { "revoke" };
    let mut draft = Draft::new(kind);
    draft.commits(COMMITS);
    (cursor.rest().len() >= 3).then_some(draft)
}

/// `SET PASSWORD` and `SET DEFAULT ROLE`, of which `SET` has been read.
pub(super) fn set(cursor: Cursor<'_, '_>) -> Option<Draft> {
    let password = cursor.word() == "password";
    let mut draft = Draft::new(if password { "set_password" } else { "set_default_role" });
    draft.commits(COMMITS);
    Some(draft)
}
