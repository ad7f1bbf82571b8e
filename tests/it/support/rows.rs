//! Rows out of the XML that the MySQL shells print: of their formats the only one that tells NULL
//! from the word, and a new line in a value from the end of a row.

/// Rows as lines, columns between `|`, nothing for NULL.
pub fn from_xml(printed: &str) -> String {
    let mut lines = String::new();
    for row in printed.split("<row>").skip(1) {
        let row = row.split("</row>").next().unwrap_or_default();
        let values: Vec<String> = row.split("<field name=\"").skip(1).map(value).collect();
        lines.push_str(&values.join("|"));
        lines.push('\n');
    }
    lines
}

/// The value in `name">value</field>` or `name" xsi:nil="true" />`: neither part holds a bare `<`,
/// and the name no bare quote.
fn value(field: &str) -> String {
    let (_, after_name) = field.split_once('"').unwrap();
    let Some(text) = after_name.strip_prefix('>') else { return String::new() };
    let text = text.split("</field>").next().unwrap_or_default();
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}

#[test]
fn a_row_is_a_line() {
    let printed = "<?xml version=\"1.0\"?>\n\n<resultset statement=\"select 1\" xmlns:xsi=\"x\">\n  <row>\n\
        \t<field name=\"a\">1</field>\n\t<field name=\"NULL\" xsi:nil=\"true\" />\n\
        \t<field name=\"q&quot;&lt;\">a&lt;b\n|&amp;lt;</field>\n  </row>\n  <row>\n\t<field name=\"a\">NULL</field>\n  </row>\n</resultset>\n";
    assert_eq!(from_xml(printed), "1||a<b\n|&lt;\nNULL\n");
}
