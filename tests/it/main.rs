mod cases_classify;
mod cases_split;
