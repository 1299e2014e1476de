// Nothing at all.
flow_macros::flow! {}

fn main() {}
