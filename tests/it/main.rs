//! The one integration binary.

mod case_file;
mod cases_classify;
mod cases_parse;
mod cases_split;
mod conformance;
mod documents;
mod mutations;
mod runbooks;
mod schemas;
mod support;
mod templates;
