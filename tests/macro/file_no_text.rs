// The name of a file is text, and nothing follows it.
flow_macros::flow!(file = orders);
flow_macros::flow!(file = );
flow_macros::flow!(file = "right.flow", "wrong.flow");

fn main() {}
