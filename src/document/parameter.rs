/// The type of a parameter; a value of another type is refused before anything is rendered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParamType {
    String,
    Integer,
    Number,
    Boolean,
    Identifier,
    Enum(Vec<String>),
    List(Box<ParamType>),
}

/// A declared parameter, of a runbook or of a template.
#[derive(Clone, Debug, PartialEq)]
pub struct ParamSpec {
    pub name: String,
    pub kind: ParamType,
    /// Asked for, and said in `--help` and errors.
    pub description: Option<String>,
    pub default: Option<serde_json::Value>,
    pub min: Option<f64>,
    pub max: Option<f64>,
    /// The whole text must match.
    pub pattern: Option<String>,
    /// Never shown, journaled or recorded.
    pub secret: bool,
}
