// A file that is no workflow, to judge by its name.
flow_macros::flow!(file = "file_kind.rs");
flow_macros::flow!(file = "orders");

fn main() {}
