//! The one integration binary.

mod case_file;
mod cases_parse;
mod documents;
mod mutations;
