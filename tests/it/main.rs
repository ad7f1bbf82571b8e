//! The one integration binary.

mod case_file;
mod cases_classify;
mod cases_parse;
mod documents;
mod cases_split;
mod mutations;
mod runbooks;
mod templates;
