// The name of a file without `file =`.
flow_macros::flow!("orders.flow");

fn main() {}
