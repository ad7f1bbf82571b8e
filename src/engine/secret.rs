//! Which secret values a cell ran with: enough to notice another one, too little to tell it.

use sha2::Sha256;

use crate::plan::Action;

/// Rounds of PBKDF2. The text that is hashed holds the cell's SQL beside the secret, so that only
/// guesses of both at once can be tried.
const ROUNDS: u32 = 100_000;
const SCHEME: &str = "pbkdf2-sha256";

/// A fingerprint of the cell's text with its secrets; None where it has none.
pub(super) fn fingerprint(action: &Action, salt: &str) -> Option<String> {
    let secret = action.statements.iter().any(|statement| statement.sql != statement.shown);
    secret.then(|| print(action, ROUNDS, salt))
}

/// Whether the cell has the secrets that `stored` was taken of.
pub(super) fn is_same(action: &Action, stored: &str) -> bool {
    let mut parts = stored.splitn(4, '$');
    match (parts.next(), parts.next().and_then(|rounds| rounds.parse().ok()), parts.next()) {
        (Some(SCHEME), Some(rounds), Some(salt)) => print(action, rounds, salt) == stored,
        _ => false,
    }
}

fn print(action: &Action, rounds: u32, salt: &str) -> String {
    let text: Vec<&str> = action.statements.iter().map(|statement| statement.sql.as_str()).collect();
    let mut hash = [0; 32];
    pbkdf2::pbkdf2_hmac::<Sha256>(text.join("\n;\n").as_bytes(), salt.as_bytes(), rounds, &mut hash);
    format!("{SCHEME}${rounds}${salt}${}", crate::source::hex(&hash))
}
