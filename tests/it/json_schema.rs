//! As much of JSON Schema (drafts 4 to 7) as the schemas here use. A schema with another keyword is refused, so
//! that nothing passes because it was not looked at.

use regex_lite::Regex;
use serde_json::{Map, Value};

/// What a value is held to, beside what the schema says.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Strict {
    /// A field that the schema does not name is wrong, although readers must accept it: we must not
    /// write what we do not describe.
    OurOwn,
    /// What the schema says and no more.
    AsWritten,
}

/// Panics with the place of the first thing that is not as the schema says.
#[track_caller]
pub fn conforms(value: &Value, schema: &Value, strict: Strict) {
    let reader = Reader { root: schema, strict };
    if let Err(wrong) = reader.check(value, schema, "$") {
        panic!("{wrong}");
    }
}

struct Reader<'a> {
    root: &'a Value,
    strict: Strict,
}

const KNOWN: [&str; 27] = [
    "$schema",
    "$id",
    "id",
    "$ref",
    "title",
    "description",
    "default",
    "definitions",
    "format",
    "type",
    "const",
    "enum",
    "required",
    "properties",
    "additionalProperties",
    "items",
    "minItems",
    "uniqueItems",
    "minimum",
    "maximum",
    "minLength",
    "pattern",
    "anyOf",
    "oneOf",
    "allOf",
    "not",
    "examples",
];

impl<'a> Reader<'a> {
    fn check(&self, value: &Value, schema: &'a Value, at: &str) -> Result<(), String> {
        let wrong = |what: String| Err(format!("{at}: {what}"));
        let rules = match schema {
            Value::Bool(true) => return Ok(()),
            Value::Object(rules) => rules,
            other => return wrong(format!("no schema: {other}")),
        };
        if let Some(unknown) = rules.keys().find(|key| !KNOWN.contains(&key.as_str())) {
            return wrong(format!("the check does not know `{unknown}`"));
        }
        if let Some(target) = rules.get("$ref").and_then(Value::as_str) {
            let pointer = target.strip_prefix('#').ok_or(format!("{at}: {target} is elsewhere"))?;
            let schema = self.root.pointer(pointer).ok_or(format!("{at}: there is no {target}"))?;
            return self.check(value, schema, at);
        }
        if let Some(types) = rules.get("type") {
            let allowed = listed(types);
            let fits = |name: &&str| *name == kind(value) || (*name == "number" && value.is_number());
            if !allowed.iter().any(fits) {
                return wrong(format!("{} is none of {allowed:?}", kind(value)));
            }
        }
        if rules.get("const").is_some_and(|constant| constant != value) {
            return wrong(format!("{value} is not the constant"));
        }
        if let Some(values) = rules.get("enum").and_then(Value::as_array)
            && !values.contains(value)
        {
            return wrong(format!("{value} is none of {values:?}"));
        }
        for keyword in ["anyOf", "oneOf", "allOf"] {
            let Some(choices) = rules.get(keyword).and_then(Value::as_array) else { continue };
            let fitting = choices.iter().filter(|choice| self.check(value, choice, at).is_ok()).count();
            let fine = match keyword {
                "anyOf" => fitting > 0,
                "oneOf" => fitting == 1,
                _ => fitting == choices.len(),
            };
            if !fine {
                return wrong(format!("{fitting} of the {} of `{keyword}` fit {value}", choices.len()));
            }
        }
        if let Some(not) = rules.get("not")
            && self.check(value, not, at).is_ok()
        {
            return wrong(format!("{value} is what it must not be"));
        }
        match value {
            Value::Number(number) => {
                let number = number.as_f64().unwrap_or(f64::NAN);
                let bound = |key| rules.get(key).and_then(Value::as_f64);
                if bound("minimum").is_some_and(|least| number < least)
                    || bound("maximum").is_some_and(|most| number > most)
                {
                    return wrong(format!("{number} is out of bounds"));
                }
            }
            Value::String(text) => self.text(text, rules).or_else(wrong)?,
            Value::Array(items) => self.array(items, rules, at)?,
            Value::Object(fields) => self.object(fields, rules, at)?,
            Value::Null | Value::Bool(_) => {}
        }
        Ok(())
    }

    fn text(&self, text: &str, rules: &Map<String, Value>) -> Result<(), String> {
        let least = rules.get("minLength").and_then(Value::as_u64).unwrap_or(0);
        if (text.chars().count() as u64) < least {
            return Err(format!("{text:?} is shorter than {least}"));
        }
        if let Some(pattern) = rules.get("pattern").and_then(Value::as_str)
            && !Regex::new(pattern).unwrap().is_match(text)
        {
            return Err(format!("{text:?} is not like {pattern}"));
        }
        let uri = rules.get("format").and_then(Value::as_str) == Some("uri");
        if uri && !Regex::new("^[A-Za-z][A-Za-z0-9+.-]*:[^ ]*$").unwrap().is_match(text) {
            return Err(format!("{text:?} is no absolute URI"));
        }
        Ok(())
    }

    fn array(&self, items: &[Value], rules: &'a Map<String, Value>, at: &str) -> Result<(), String> {
        if (items.len() as u64) < rules.get("minItems").and_then(Value::as_u64).unwrap_or(0) {
            return Err(format!("{at}: there are only {} items", items.len()));
        }
        let unique = rules.get("uniqueItems") == Some(&Value::Bool(true));
        if unique && (1..items.len()).any(|n| items[..n].contains(&items[n])) {
            return Err(format!("{at}: an item is there twice"));
        }
        let Some(schema) = rules.get("items") else { return Ok(()) };
        items.iter().enumerate().try_for_each(|(n, item)| self.check(item, schema, &format!("{at}[{n}]")))
    }

    fn object(
        &self,
        fields: &Map<String, Value>,
        rules: &'a Map<String, Value>,
        at: &str,
    ) -> Result<(), String> {
        for required in rules.get("required").map(listed).unwrap_or_default() {
            if !fields.contains_key(required) {
                return Err(format!("{at}: {required} is missing"));
            }
        }
        let no = Value::Bool(false);
        let others = match self.strict {
            Strict::OurOwn => rules.get("additionalProperties").or(Some(&no)),
            Strict::AsWritten => rules.get("additionalProperties"),
        };
        for (key, value) in fields {
            let at = format!("{at}.{key}");
            match (rules.get("properties").and_then(|all| all.get(key)), others) {
                (Some(schema), _) => self.check(value, schema, &at)?,
                (None, Some(Value::Bool(false))) => return Err(format!("{at} is not described")),
                (None, Some(Value::Object(_))) => self.check(value, &rules["additionalProperties"], &at)?,
                (None, _) => {}
            }
        }
        Ok(())
    }
}

fn listed(value: &Value) -> Vec<&str> {
    match value {
        Value::String(one) => vec![one.as_str()],
        Value::Array(some) => some.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

#[test]
fn what_is_not_as_the_schema_says_is_found() {
    use serde_json::json;
    let schema = json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "list": { "type": "array", "uniqueItems": true, "items": { "$ref": "#/definitions/name" } },
            "count": { "type": "integer", "minimum": 1, "maximum": 2 },
            "link": { "type": "string", "format": "uri" },
        },
        "anyOf": [{ "required": ["list"] }, { "required": ["link"] }],
        "definitions": { "name": { "type": "string", "pattern": "^[a-z]+$" } },
    });
    let reader = Reader { root: &schema, strict: Strict::AsWritten };
    let check = |value: Value| reader.check(&value, &schema, "$");
    assert_eq!(check(json!({ "list": ["a", "b"], "count": 2, "link": "file:///a" })), Ok(()));
    for wrong in [
        json!([]),
        json!({ "count": 1 }),
        json!({ "list": [], "count": 3 }),
        json!({ "list": ["a", "a"] }),
        json!({ "list": ["A"] }),
        json!({ "link": "a" }),
        json!({ "list": [], "more": 1 }),
    ] {
        assert!(check(wrong.clone()).is_err(), "{wrong}");
    }
}
