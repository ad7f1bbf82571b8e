//! `--| batch: {…}`: how a forward cell walks a table.

use std::time::Duration;

use super::fields::{Field, Fields};
use super::findings::Findings;
use super::slug::{list, suggest};
use super::throttle;
use super::yaml::Value;
use super::{Amount, Batch, OnError, Order, ParamSpec, ParamType, Pause, Size, Throttle};

const KEYS: [&str; 11] =
    ["table", "as", "key", "size", "target", "min", "max", "pause", "order", "on_error", "parallel"];
const EXAMPLE: &str = "write `--| batch: {table: <table>, key: <its primary key>}`";
/// How long a batch should take, and how few and how many keys it may take for that, where the cell
/// does not say.
const TARGET: Duration = Duration::from_millis(500);
const MIN: u64 = 1;
const MAX: u64 = 1_000_000;
/// The longest batch that a cell may ask for: its rows are locked for as long.
const LONGEST: Duration = Duration::from_secs(60);

pub(super) fn read_batch(
    field: Field<'_>,
    params: Option<&[ParamSpec]>,
    findings: &mut Findings,
) -> Option<Batch> {
    let known = [&KEYS[..], &throttle::KEYS].concat();
    let fields = Fields::read(field.node, "`batch`", &known, findings)?;
    for key in ["table", "key"] {
        if fields.get(key).is_none() {
            findings.push(
                findings.error("missing-key", field.key, format!("`batch` has no `{key}`")).help(EXAMPLE),
            );
        }
    }
    if let Some(parallel) = fields.get("parallel") {
        refuse_parallel(parallel, findings)?;
    }
    let table = fields.text("table", findings).map(str::to_owned);
    let alias = match fields.get("as") {
        Some(alias) => Some(alias.text(findings)?.to_owned()),
        None => None,
    };
    let key = fields.get("key").and_then(|key| read_key(key, findings));
    let size = read_size(&fields, params, findings);
    let pause = match fields.get("pause") {
        Some(pause) if matches!(&pause.node.value, Value::Text(text) if text == "auto") => Some(Pause::Auto),
        Some(pause) => pause.duration(findings).map(Pause::Always),
        None => Some(Pause::Auto),
    };
    let order = match fields.get("order") {
        Some(order) => read_order(order, findings),
        None => Some(Order::Ascending),
    };
    let on_error = match fields.get("on_error") {
        Some(on_error) => read_on_error(on_error, findings),
        None => Some(OnError::Stop),
    };
    let throttle = Throttle::read(&fields, findings);
    Some(Batch {
        table: table?,
        alias,
        key: key?,
        size: size?,
        pause: pause?,
        order: order?,
        on_error: on_error?,
        throttle: throttle?,
    })
}

/// One column, or a list of them.
fn read_key(field: Field<'_>, findings: &mut Findings) -> Option<Vec<String>> {
    let Value::List(items) = &field.node.value else {
        return field.text(findings).map(|name| vec![name.to_owned()]);
    };
    let mut names: Vec<String> = Vec::new();
    for node in items {
        let name = Field { node, ..field }.text(findings)?;
        if names.iter().any(|known| known == name) {
            findings.push(
                findings
                    .error("duplicate-key", node.span, format!("`{name}` stands in the key twice"))
                    .help("name each column of the key once"),
            );
            return None;
        }
        names.push(name.to_owned());
    }
    if names.is_empty() {
        return field.wrong(findings, "a column or a list of columns");
    }
    Some(names)
}

fn read_size(fields: &Fields<'_>, params: Option<&[ParamSpec]>, findings: &mut Findings) -> Option<Size> {
    if let Some(size) = fields.get("size") {
        for other in ["target", "min", "max"].into_iter().filter_map(|key| fields.get(key)) {
            let message = format!("`size` and `{}` stand in the same `batch`", other.name);
            findings.push(
                findings
                    .error("conflicting-keys", other.key, message)
                    .note("`size` makes every batch as large as the next, whatever it takes")
                    .help("remove one of them; without `size` a batch takes about as long as `target` says"),
            );
        }
        return read_amount(size, params, findings).map(Size::Fixed);
    }
    let target = match fields.get("target") {
        Some(target) => read_target(target, findings)?,
        None => TARGET,
    };
    let count = |key: &str, default: u64, findings: &mut Findings| match fields.get(key) {
        Some(field) => field.count(1, findings),
        None => Some(default),
    };
    let (min, max) = (count("min", MIN, findings)?, count("max", MAX, findings)?);
    if let (Some(field), true) = (fields.get("min").or(fields.get("max")), min > max) {
        let message = format!("a batch takes at least {min} keys and at most {max}");
        findings.push(
            findings.error("bad-range", field.node.span, message).help("make `min` no more than `max`"),
        );
        return None;
    }
    Some(Size::Adaptive { target, min, max })
}

fn read_target(field: Field<'_>, findings: &mut Findings) -> Option<Duration> {
    let target = field.duration(findings)?;
    if target.is_zero() || target > LONGEST {
        findings.push(
            findings
                .error("bad-duration", field.node.span, "a batch cannot be asked to take that long")
                .note("its rows are locked until it is committed")
                .help("give a time from `1ms` to `60s`; `500ms` is the default"),
        );
        return None;
    }
    Some(target)
}

fn read_order(field: Field<'_>, findings: &mut Findings) -> Option<Order> {
    match &field.node.value {
        Value::Text(text) if text == "asc" => Some(Order::Ascending),
        Value::Text(text) if text == "desc" => Some(Order::Descending),
        _ => field.wrong(findings, &list(["asc", "desc"])),
    }
}

fn read_on_error(field: Field<'_>, findings: &mut Findings) -> Option<OnError> {
    const WANTED: &str = "`stop` or `{skip: <how many keys>}`";
    match &field.node.value {
        Value::Text(text) if text == "stop" => Some(OnError::Stop),
        Value::Mapping(_) => {
            let fields = Fields::read(field.node, "`on_error`", &["skip"], findings)?;
            match fields.get("skip") {
                Some(skip) => skip.count(1, findings).map(OnError::Skip),
                None => field.wrong(findings, WANTED),
            }
        }
        _ => field.wrong(findings, WANTED),
    }
}

/// Said and not done would be worse than not said.
fn refuse_parallel(field: Field<'_>, findings: &mut Findings) -> Option<()> {
    if field.count(1, findings)? == 1 {
        return Some(());
    }
    findings.push(
        findings
            .error("unsupported", field.key, "batches do not run in parallel")
            .note(
                "one watermark says how far a backfill is, and the entry of a batch holds the hash of the entry before it: \
                 batches commit one after the other",
            )
            .help("take `parallel` away"),
    );
    None
}

fn read_amount(size: Field<'_>, params: Option<&[ParamSpec]>, findings: &mut Findings) -> Option<Amount> {
    match &size.node.value {
        Value::Integer(_) => return size.count(1, findings).map(Amount::Fixed),
        Value::Mapping(_) => {}
        _ => return size.wrong(findings, "an integer or `{param: <name>}`"),
    }
    let fields = Fields::read(size.node, "`size`", &["param"], findings)?;
    let Some(field) = fields.get("param") else {
        return size.wrong(findings, "an integer or `{param: <name>}`");
    };
    let name = field.text(findings)?;
    let Some(params) = params else { return Some(Amount::Param(name.to_owned())) };
    let Some(param) = params.iter().find(|param| param.name == name) else {
        let names = params.iter().map(|param| param.name.as_str());
        let help = match params.is_empty() {
            true => format!("declare `{name}: {{type: integer}}` under `params:`"),
            false => suggest(name, names),
        };
        findings.push(
            findings
                .error("unknown-parameter", field.node.span, format!("there is no parameter `{name}`"))
                .help(help),
        );
        return None;
    };
    if param.kind != ParamType::Integer {
        findings.push(
            findings
                .error(
                    "wrong-type",
                    field.node.span,
                    format!(
                        "parameter `{name}` is of type `{}`, and a batch size is an integer",
                        param.kind.name()
                    ),
                )
                .help("declare it with `type: integer`"),
        );
        return None;
    }
    Some(Amount::Param(name.to_owned()))
}
