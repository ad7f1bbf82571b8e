use super::Dialect;
use super::lexer::{TokenKind, lex};

/// What the engine hashes: the tokens of `sql` without comments and white space.
///
/// Two texts have the same canonical form exactly where they have the same tokens. Each token is
/// written as its length in bytes, a colon and its own text, so that no token can pass for two.
pub fn canonical(dialect: Dialect, sql: &str) -> String {
    let mut out = String::with_capacity(sql.len() * 2);
    for token in lex(dialect, sql) {
        if !matches!(token.kind, TokenKind::Space | TokenKind::Comment) {
            out.push_str(&token.span.len().to_string());
            out.push(':');
            out.push_str(&sql[token.span.start..token.span.end]);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn space_and_comments_do_not_count_and_everything_else_does() {
        let canonical = |sql| canonical(Dialect::Postgres, sql);
        assert_eq!(canonical("select  1 -- one\n"), canonical("/* a */select\n1"));
        assert_eq!(canonical("a=-1"), canonical("a = - 1"));
        assert_ne!(canonical("select 'a  b'"), canonical("select 'a b'"));
        assert_ne!(canonical("a < = b"), canonical("a <= b"));
        assert_ne!(canonical("select 1 2"), canonical("select 12"));
        assert_ne!(canonical("a 3:b"), canonical("a3 : b"));
    }

    #[test]
    fn what_mysql_executes_or_heeds_in_a_comment_counts() {
        let canonical = |sql| canonical(Dialect::Mysql, sql);
        assert_eq!(canonical("select 1 # one\n-- two\n/* three */"), canonical("select 1"));
        assert_ne!(canonical("select 1 /*!50003 , 2 */"), canonical("select 1"));
        assert_ne!(canonical("select /*!50003 1 */"), canonical("select /*!50004 1 */"));
        assert_eq!(canonical("select /*!50003 1*/"), canonical("select /*!50003\n1 */"));
        assert_ne!(canonical("select /*+ NO_ICP(t) */ 1"), canonical("select 1"));
        assert_ne!(canonical("select 5--1"), canonical("select 5 -- 1"));
    }
}
